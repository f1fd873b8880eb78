import { type Query, useQuery } from '@tanstack/react-query'

import { useApi } from '@/api/api-context'
import type { SyncStatus } from '@/api/types'
import { KEYS } from '@/app/queries'

import { pollAfter } from './polling'

/** Where the person's sync stands, kept up to date. */
export function useSyncStatus() {
  const api = useApi()
  return useQuery({
    queryKey: [KEYS.syncStatus],
    queryFn: api.syncStatus,
    refetchInterval: ({ state }) =>
      pollAfter(
        { status: state.data, silentSince: silentSince(state) },
        document.visibilityState === 'visible',
        Date.now(),
      ),
    // A job that runs is followed behind another tab too: `pollAfter` decides.
    refetchIntervalInBackground: true,
  })
}

function silentSince(state: Query<SyncStatus>['state']): number | null {
  if (state.status !== 'error') return null
  return Math.max(state.dataUpdatedAt, performance.timeOrigin)
}
