import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'

import { KEYS } from '@/app/queries'

import { useSyncStatus } from './use-sync-status'

/** When a job moves from one status to another, by whomever, the lists that show jobs, the link and what arrived are old. */
export function useJobChanges(): void {
  const client = useQueryClient()
  const { data } = useSyncStatus()
  const job = data?.job
  const now = data === undefined ? undefined : `${job?.id ?? 'none'} ${job?.status ?? ''}`
  const before = useRef<string | undefined>(undefined)

  useEffect(() => {
    if (before.current !== undefined && before.current !== now) {
      for (const key of [KEYS.jobs, KEYS.linkStatus, KEYS.history]) void client.invalidateQueries({ queryKey: [key] })
    }
    before.current = now
  }, [client, now])
}
