import { CircleAlertIcon, CircleCheckIcon, CirclePauseIcon, CircleSlashIcon, LoaderCircleIcon } from 'lucide-react'

import type { JobStatus } from '@/api/types'

/** Says nothing that the text beside it does not say. */
export function JobIcon({ status }: { status: JobStatus }) {
  switch (status) {
    case 'pending':
      return <LoaderCircleIcon aria-hidden className="size-5 shrink-0 animate-spin text-waiting" />
    case 'running':
      return <LoaderCircleIcon aria-hidden className="size-5 shrink-0 animate-spin text-running" />
    case 'paused':
      return <CirclePauseIcon aria-hidden className="size-5 shrink-0 text-paused" />
    case 'completed':
      return <CircleCheckIcon aria-hidden className="size-5 shrink-0 text-completed" />
    case 'failed':
      return <CircleAlertIcon aria-hidden className="size-5 shrink-0 text-failed" />
    case 'cancelled':
      return <CircleSlashIcon aria-hidden className="size-5 shrink-0 text-waiting" />
  }
}
