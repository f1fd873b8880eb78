import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'

import { useApi } from '@/api/api-context'
import type { Job } from '@/api/types'
import { KEYS } from '@/app/queries'
import { LoadFailed } from '@/components/load-failed'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Card, CardHeader, CardTitle } from '@/components/ui/card'
import { Skeleton } from '@/components/ui/skeleton'
import { useFormat } from '@/dates/use-format'

import { useJobText } from './use-job-text'
import { useSyncActions } from './use-sync-actions'
import { useSyncStatus } from './use-sync-status'

const VARIANTS = {
  pending: 'secondary',
  running: 'secondary',
  paused: 'warning',
  completed: 'success',
  failed: 'destructive',
  cancelled: 'secondary',
} as const

/** Every import, newest first. */
export function JobHistory() {
  const { t } = useTranslation()
  const api = useApi()
  const jobs = useInfiniteQuery({
    queryKey: [KEYS.jobs],
    queryFn: ({ pageParam }) => api.jobs(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.cursor,
  })
  // The one that moves is shown as it stands now; the list is asked for only when something starts or ends.
  const { data: status } = useSyncStatus()
  const all = jobs.data?.pages
    .flatMap((page) => page.jobs)
    .map((job) => (job.id === status?.job?.id ? status.job : job))
  return (
    <Card>
      <CardHeader>
        <CardTitle>{t('jobs.title')}</CardTitle>
      </CardHeader>
      {jobs.isPending && <Skeleton className="h-20" />}
      {jobs.isError && all === undefined && <LoadFailed text={t('jobs.failed')} onRetry={() => void jobs.refetch()} />}
      {all?.length === 0 && <p className="text-sm text-muted-foreground">{t('jobs.none')}</p>}
      {all !== undefined && all.length > 0 && (
        <ul className="divide-y">
          {all.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
      )}
      {jobs.hasNextPage && (
        <Button
          variant="outline"
          className="w-fit"
          aria-disabled={jobs.isFetchingNextPage}
          onClick={() => void jobs.fetchNextPage()}
        >
          {t('jobs.more')}
        </Button>
      )}
    </Card>
  )
}

function JobRow({ job }: { job: Job }) {
  const { t } = useTranslation()
  const format = useFormat()
  const text = useJobText()
  const { resume } = useSyncActions()
  const range = format.dayRange(job.startDate, job.endDate)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-3 text-sm first:pt-0 last:pb-0">
      <div className="min-w-0 flex-1 basis-56">
        <p className="font-medium">{range}</p>
        <p className="text-xs text-muted-foreground">
          {text.title(job)} · {format.instant(job.createdAt)}
        </p>
      </div>
      <span className="text-muted-foreground tabular-nums">
        {t('sync.chunks', { done: format.number(job.chunksCompleted), total: format.number(job.chunksTotal) })}
      </span>
      <Badge variant={VARIANTS[job.status]}>{t(`jobs.status.${job.status}`)}</Badge>
      {job.status === 'failed' && (
        <Button
          size="sm"
          variant="outline"
          aria-label={t('jobs.resumeOf', { range })}
          aria-disabled={resume.isPending}
          onClick={() => resume.mutate(job.id)}
        >
          {t('sync.resume')}
        </Button>
      )}
    </li>
  )
}
