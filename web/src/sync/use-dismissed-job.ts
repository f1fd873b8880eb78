import { useState } from 'react'

const KEY = 'garmin-sync.dismissed-job'

/** The finished job whose result has been put away: here, and after a reload. */
export function useDismissedJob() {
  const [dismissed, setDismissed] = useState(() => localStorage.getItem(KEY))
  const dismiss = (jobId: string) => {
    localStorage.setItem(KEY, jobId)
    setDismissed(jobId)
  }
  return { dismissed, dismiss }
}
