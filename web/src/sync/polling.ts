import type { SyncStatus } from '@/api/types'

/** How often a visible page looks for a job that was started elsewhere. */
const IDLE_MS = 15_000

/** The first wait after the server has fallen silent, and the longest. */
const FIRST_RETRY_MS = 3_000
const LONGEST_RETRY_MS = 60_000

export interface LastAnswer {
  status: SyncStatus | undefined
  /** Since when the server has been silent, in milliseconds of the epoch; null while it answers. */
  silentSince: number | null
}

/**
 * After how many milliseconds to ask for the status again; false for not before somebody looks at the page.
 * A silent server is asked again after as long as it has been silent: that doubles the wait each time.
 */
export function pollAfter({ status, silentSince }: LastAnswer, visible: boolean, now: number): number | false {
  const somethingHappens = status?.hasActiveJob ?? false
  if (!visible && !somethingHappens) return false
  if (silentSince !== null) return Math.min(LONGEST_RETRY_MS, Math.max(FIRST_RETRY_MS, now - silentSince))
  return status?.pollAfterMs ?? IDLE_MS
}
