import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'

import type { Range } from '@/api/api'
import { useApi } from '@/api/api-context'
import type { MetricType } from '@/api/types'
import { refresh } from '@/app/queries'
import { announceChange } from '@/app/tabs'
import { useErrorText } from '@/i18n/use-error-text'

/** What a person can do to their sync. Each says by a toast what came of it. */
export function useSyncActions() {
  const api = useApi()
  const client = useQueryClient()
  const { t } = useTranslation()
  const errorText = useErrorText()

  const sayFailed = (what: 'startFailed' | 'importFailed' | 'resumeFailed' | 'pauseFailed' | 'cancelFailed') => {
    return (error: unknown) =>
      toast.error(t('toast.error'), { description: t(`toast.${what}`, { reason: errorText(error) }) })
  }
  // Also after a failure: "cannot cancel" means that the page shows something old.
  const onSettled = () => {
    announceChange('sync')
    return refresh(client, 'sync')
  }

  const sync = useMutation({
    mutationFn: api.startIncremental,
    onSuccess: (answer) => {
      switch (answer.status) {
        case 'started': {
          const { message, chunksTotal } = answer
          toast.success(t('toast.syncStarted'), {
            description: t('toast.syncStartedText', { message, chunks: chunksTotal }),
          })
          break
        }
        case 'already_running':
          toast.info(t('toast.inProgress'), { description: t('toast.inProgressSync') })
          break
        case 'up_to_date':
          toast.info(t('toast.upToDate'), { description: t('toast.upToDateText') })
      }
    },
    onError: sayFailed('startFailed'),
    onSettled,
  })

  const importRange = useMutation({
    mutationFn: ({ range, metricTypes }: { range: Range; metricTypes: readonly MetricType[] }) =>
      api.startHistorical(range, metricTypes),
    onSuccess: (answer) => {
      if (answer.status === 'started') {
        const { chunksTotal, estimatedMinutes } = answer
        toast.success(t('toast.importStarted'), {
          description: t('toast.importStartedText', { count: chunksTotal, minutes: estimatedMinutes }),
        })
      } else {
        toast.info(t('toast.inProgress'), { description: t('toast.inProgressImport') })
      }
    },
    onError: sayFailed('importFailed'),
    onSettled,
  })

  const pause = useMutation({
    mutationFn: api.pause,
    onSuccess: () => toast.success(t('toast.paused')),
    onError: sayFailed('pauseFailed'),
    onSettled,
  })
  const resume = useMutation({
    mutationFn: api.resume,
    onSuccess: () => toast.success(t('toast.resumed')),
    onError: sayFailed('resumeFailed'),
    onSettled,
  })
  const cancel = useMutation({
    mutationFn: api.cancel,
    onSuccess: () => toast.success(t('toast.cancelled')),
    onError: sayFailed('cancelFailed'),
    onSettled,
  })

  return { sync, importRange, pause, resume, cancel }
}
