import { RefreshCwIcon } from 'lucide-react'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'

import { Button } from '@/components/ui/button'
import { Card, CardHeader, CardTitle } from '@/components/ui/card'
import { Skeleton } from '@/components/ui/skeleton'

import { HistoricalImportDialog } from './HistoricalImportDialog'
import { isUnfinished } from './job'
import { ProgressCard } from './ProgressCard'
import { useDismissedJob } from './use-dismissed-job'
import { useSyncActions } from './use-sync-actions'
import { useSyncStatus } from './use-sync-status'

/** Starting a sync, and where the latest one stands. */
export function SyncCard({ isLinked }: { isLinked: boolean }) {
  const { t } = useTranslation()
  const { data: status } = useSyncStatus()
  const { dismissed, dismiss } = useDismissedJob()
  const { sync } = useSyncActions()
  const heading = useRef<HTMLHeadingElement>(null)

  const job = status?.job ?? null
  const shown = job !== null && (isUnfinished(job) || job.id !== dismissed) ? job : null
  const mayStart = isLinked && status?.hasActiveJob === false

  return (
    <Card>
      <CardHeader>
        <CardTitle ref={heading} tabIndex={-1} className="outline-none">
          {t('sync.title')}
        </CardTitle>
      </CardHeader>
      {status === undefined && <Skeleton className="h-28" />}
      {shown !== null && (
        <ProgressCard
          key={shown.id}
          job={shown}
          onDismiss={() => {
            dismiss(shown.id)
            heading.current?.focus()
          }}
        />
      )}
      {status !== undefined && job === null && <p className="text-sm text-muted-foreground">{t('sync.nothingYet')}</p>}
      <div className="flex flex-wrap gap-2">
        <Button aria-disabled={!mayStart || sync.isPending} onClick={() => sync.mutate()}>
          <RefreshCwIcon aria-hidden />
          {sync.isPending ? t('sync.starting') : t('sync.sync')}
        </Button>
        <HistoricalImportDialog disabled={!mayStart} />
      </div>
    </Card>
  )
}
