import type { Job } from '@/api/types'

/** What can be done to a job, by its status: the same table as the server's. */
export const canPause = ({ status }: Job) => status === 'pending' || status === 'running'
export const canResume = ({ status }: Job) => status === 'paused' || status === 'failed'
export const canCancel = (job: Job) => isUnfinished(job)

export function isUnfinished({ status }: Job): boolean {
  return status === 'pending' || status === 'running' || status === 'paused'
}
