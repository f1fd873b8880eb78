import { lazy, memo, Suspense, useDeferredValue, useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { LoadFailed } from '@/components/load-failed'
import { Card, CardDescription, CardHeader, CardTitle } from '@/components/ui/card'
import { Skeleton } from '@/components/ui/skeleton'
import { useFormat } from '@/dates/use-format'

import type { DayRange } from '../range'
import { useHistory } from '../use-history'
import { aggregate, combine, resolutionOf } from './aggregate'
import { type ChartDefinition, type ChartRow, fieldsOf } from './definitions'
import { useNear } from './use-near'

const SeriesChart = lazy(() => import('./SeriesChart'))

/** One chart. What it shows is fetched once it comes near the screen. */
export function ChartCard({ chart, range }: { chart: ChartDefinition; range: DayRange }) {
  const { t } = useTranslation()
  const { ref, isNear, wasNear } = useNear<HTMLElement>()
  // What is in sight is drawn at once; the rest follows when there is nothing more urgent.
  const later = useDeferredValue(range)
  return (
    <Card ref={ref} data-testid={`chart-${chart.name}`}>
      {wasNear ? (
        <Content chart={chart} range={isNear ? range : later} />
      ) : (
        <>
          <CardHeader>
            <CardTitle>{t(`history.charts.${chart.name}`)}</CardTitle>
          </CardHeader>
          <Skeleton className="h-64" />
        </>
      )}
    </Card>
  )
}

const Content = memo(function Content({ chart, range }: { chart: ChartDefinition; range: DayRange }) {
  const { t } = useTranslation()
  const { rows, isComplete, isError, retry } = useHistory(chart.kind, range, fieldsOf(chart.kind))
  const points = useMemo(() => rows && aggregate(rows, range, chart), [rows, range, chart])
  const isEmpty =
    isComplete && points?.every((point) => chart.series.every(({ name }) => typeof point[name] !== 'number'))
  return (
    <>
      <CardHeader>
        <CardTitle>{t(`history.charts.${chart.name}`)}</CardTitle>
        <CardDescription aria-busy={!isComplete && !isError}>
          {rows !== undefined && !isEmpty && <Summary chart={chart} range={range} rows={rows} />}
          {!isComplete && !isError && ` ${t('history.loading')}`}
        </CardDescription>
      </CardHeader>
      {isError && <LoadFailed text={t('app.loadFailed')} onRetry={retry} />}
      {isEmpty === true && <p className="text-sm text-muted-foreground">{t('history.empty')}</p>}
      {points === undefined && !isError && <Skeleton className="h-64" />}
      {points !== undefined && isEmpty !== true && (
        <Suspense fallback={<Skeleton className="h-64" />}>
          <SeriesChart chart={chart} points={points} resolution={resolutionOf(range)} />
        </Suspense>
      )}
    </>
  )
})

/** What the picture says, in a line: for everybody, and for those who do not see it. */
function Summary({ chart, range, rows }: { chart: ChartDefinition; range: DayRange; rows: readonly ChartRow[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const unit = t(`history.unit.${chart.unit}`)
  const parts = chart.series.flatMap((series) => {
    const combined = combine(rows, series, chart.combine)
    if (combined === null) return []
    const value = `${format.number(combined, chart.fractionDigits)} ${unit}`.trim()
    const text = t(chart.combine === 'sum' ? 'history.total' : 'history.average', { value })
    return chart.series.length > 1 ? `${t(`history.series.${series.name}`)}: ${text}` : text
  })
  const resolutions = chart.combine === 'sum' ? 'history.resolutionSum' : 'history.resolution'
  return <>{[...parts, t(`${resolutions}.${resolutionOf(range)}`)].join(' · ')}</>
}
