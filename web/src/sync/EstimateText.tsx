import { useTranslation } from 'react-i18next'

import type { Range } from '@/api/api'

import { useEstimate } from './use-estimate'

/** `N days (M chunks) - approximately K minutes`, as the server computed it. */
export function EstimateText({ range }: { range: Range | null }) {
  const { t } = useTranslation()
  const { data, isError, isFetching } = useEstimate(range)
  let text = ''
  if (data !== undefined) {
    text = t('import.estimate', {
      days: t('import.days', { count: data.days }),
      chunks: t('import.chunks', { count: data.chunks }),
      count: data.minutes,
    })
  } else if (isFetching) text = t('import.estimating')
  else if (isError) text = t('import.noEstimate')
  return (
    <p role="status" data-testid="estimate" className="min-h-5 text-sm text-muted-foreground">
      {text}
    </p>
  )
}
