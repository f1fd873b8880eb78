import { useTranslation } from 'react-i18next'

import type { Job } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Progress } from '@/components/ui/progress'
import { useFormat } from '@/dates/use-format'

import { canCancel, canPause, canResume } from './job'
import { JobIcon } from './JobIcon'
import { JobProblems } from './JobProblems'
import { ProgressAnnouncement } from './ProgressAnnouncement'
import { useJobText } from './use-job-text'
import { useSyncActions } from './use-sync-actions'

/** Where a job stands, live, and what can be done about it. */
export function ProgressCard({ job, onDismiss }: { job: Job; onDismiss: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const text = useJobText()
  const details = [
    t('sync.chunks', { done: format.number(job.chunksCompleted), total: format.number(job.chunksTotal) }),
    text.timeLeft(job),
  ]
  const waiting = text.waiting(job)
  return (
    <div
      data-testid="progress-card"
      data-status={job.status}
      className="grid gap-3 rounded-lg border bg-background/60 p-4"
    >
      <ProgressAnnouncement job={job} />
      <div className="flex items-center gap-2.5">
        <JobIcon status={job.status} />
        <div className="min-w-0 flex-1">
          <h3 className="leading-tight font-medium">{text.title(job)}</h3>
          <p className="text-xs text-muted-foreground">{format.dayRange(job.startDate, job.endDate)}</p>
        </div>
        <span className="text-lg font-semibold tabular-nums">{format.percent(job.percentComplete)}</span>
      </div>
      <Progress value={job.percentComplete} aria-label={t('sync.progress')} />
      <div className="flex flex-wrap justify-between gap-x-4 gap-y-1 text-sm">
        <p>{text.state(job)}</p>
        <p className="text-muted-foreground tabular-nums">{details.filter((detail) => detail !== null).join(' · ')}</p>
      </div>
      {waiting !== null && <p className="text-sm text-muted-foreground">{waiting}</p>}
      <JobProblems job={job} />
      <JobButtons job={job} onDismiss={onDismiss} />
    </div>
  )
}

/** Two buttons that change what they do as the job moves, so that the one in focus does not go away under the keyboard. */
function JobButtons({ job, onDismiss }: { job: Job; onDismiss: () => void }) {
  const { t } = useTranslation()
  const { pause, resume, cancel } = useSyncActions()
  return (
    <div className="flex flex-wrap gap-2">
      {(canPause(job) || canResume(job)) && (
        <Button
          size="sm"
          variant={canPause(job) ? 'outline' : 'default'}
          aria-disabled={pause.isPending || resume.isPending}
          onClick={() => (canPause(job) ? pause : resume).mutate(job.id)}
        >
          {canPause(job) ? t('sync.pause') : t('sync.resume')}
        </Button>
      )}
      <Button
        size="sm"
        variant="outline"
        aria-disabled={cancel.isPending}
        onClick={() => (canCancel(job) ? cancel.mutate(job.id) : onDismiss())}
      >
        {canCancel(job) ? t('sync.cancel') : t('sync.dismiss')}
      </Button>
    </div>
  )
}
