import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'

import type { Job } from '@/api/types'
import { useFormat } from '@/dates/use-format'

/** What a job does, in words. */
export function useJobText() {
  const { t } = useTranslation()
  const format = useFormat()

  const title = useCallback((job: Job) => t(`jobs.type.${job.syncType}`), [t])

  const state = useCallback(
    (job: Job) => {
      if (job.status === 'running' && job.currentChunkRange !== null) {
        return t('sync.state.runningRange', { range: format.monthsOfChunk(job.currentChunkRange) })
      }
      if (job.status === 'failed') {
        // The server says it in English; what is not of that form is shown as it came.
        const [, failed, total] = /^(\d+) of (\d+) chunks failed$/.exec(job.errorMessage ?? '') ?? []
        if (failed !== undefined) return t('sync.state.chunksFailed', { failed, total })
        return job.errorMessage ?? t('sync.state.failed')
      }
      return t(`sync.state.${job.status}`)
    },
    [t, format],
  )

  /** What a paused job waits for. */
  const waiting = useCallback(
    (job: Job) => {
      if (job.status !== 'paused' || job.pauseReason === null) return null
      if (job.pauseReason !== 'throttled') return t(`sync.waiting.${job.pauseReason}`)
      return job.retryAt === null
        ? t('sync.waiting.throttledSoon')
        : t('sync.waiting.throttled', { time: format.time(job.retryAt) })
    },
    [t, format],
  )

  const timeLeft = useCallback(
    (job: Job) => {
      if (job.status !== 'running' || job.etaSeconds === null) return null
      const minutes = Math.round(job.etaSeconds / 60)
      if (minutes < 1) return t('sync.eta.seconds')
      return minutes < 90
        ? t('sync.eta.minutes', { count: minutes })
        : t('sync.eta.hours', { count: Math.round(minutes / 60) })
    },
    [t],
  )

  return { title, state, waiting, timeLeft }
}
