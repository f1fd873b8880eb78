import { useTranslation } from 'react-i18next'

import type { Gap, Job } from '@/api/types'
import { Disclosure } from '@/components/disclosure'
import { useFormat } from '@/dates/use-format'

/** What a job could not bring, with its reasons. */
export function JobProblems({ job }: { job: Job }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <>
      {job.failedChunks.length > 0 && (
        <div className="text-sm">
          <p className="text-warning">{t('sync.chunksFailed', { count: job.failedChunks.length })}</p>
          <Disclosure summary={t('sync.failedChunks')}>
            <ul className="flex flex-col gap-1">
              {job.failedChunks.map(({ start, end, error }) => (
                <li key={start}>
                  <span className="font-medium text-foreground">{format.dayRange(start, end)}</span>:{' '}
                  <span lang="en">{error}</span>
                </li>
              ))}
            </ul>
          </Disclosure>
        </div>
      )}
      {job.gaps.length > 0 && (
        <Disclosure summary={t('sync.gaps', { count: job.gaps.length })}>
          <ul className="flex flex-col gap-1">
            {job.gaps.map((gap) => (
              <li key={`${gap.metric} ${gap.reason} ${gap.start}`}>
                <GapText gap={gap} />
              </li>
            ))}
          </ul>
        </Disclosure>
      )}
    </>
  )
}

function GapText({ gap }: { gap: Gap }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <>
      <span className="font-medium text-foreground">{t(`metrics.${gap.metric}`)}</span>,{' '}
      {format.dayRange(gap.start, gap.end)}: {t(`sync.gapReason.${gap.reason}`)}
    </>
  )
}
