import { useTranslation } from 'react-i18next'

import type { Job } from '@/api/types'
import { useFormat } from '@/dates/use-format'

import { useJobText } from './use-job-text'

const STEP_PERCENT = 25

/** Tells a screen reader how a job goes on: when its status changes and at every quarter, not every three seconds. */
export function ProgressAnnouncement({ job }: { job: Job }) {
  const { t } = useTranslation()
  const format = useFormat()
  const text = useJobText()
  const percent = Math.floor(job.percentComplete / STEP_PERCENT) * STEP_PERCENT
  return (
    <p role="status" className="sr-only">
      {t('sync.announce', {
        title: text.title(job),
        state: text.state({ ...job, currentChunkRange: null }),
        percent: format.percent(percent),
      })}
    </p>
  )
}
