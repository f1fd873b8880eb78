import { lazy, Suspense, useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { LoadFailed } from '@/components/load-failed'
import { Card, CardDescription, CardHeader, CardTitle } from '@/components/ui/card'
import { Skeleton } from '@/components/ui/skeleton'
import { useFormat } from '@/dates/use-format'

import type { DayRange } from '../range'
import { useHistory } from '../use-history'
import { aggregate, mean, type Point, resolutionOf, sum } from './aggregate'
import type { ChartDefinition } from './definitions'
import { useSeen } from './use-seen'

const SeriesChart = lazy(() => import('./SeriesChart'))

/** One chart. What it shows is fetched once it comes near the screen. */
export function ChartCard({ chart, range }: { chart: ChartDefinition; range: DayRange }) {
  const { t } = useTranslation()
  const { ref, seen } = useSeen<HTMLElement>()
  return (
    <Card ref={ref} data-testid={`chart-${chart.name}`}>
      {seen ? (
        <Content chart={chart} range={range} />
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

function Content({ chart, range }: { chart: ChartDefinition; range: DayRange }) {
  const { t } = useTranslation()
  const { rows, isComplete, isError, retry } = useHistory(
    chart.kind,
    range,
    chart.series.map(({ field }) => field),
  )
  const points = useMemo(() => rows && aggregate(rows, range, chart.series, chart.combine), [rows, range, chart])
  const isEmpty =
    isComplete && points?.every((point) => chart.series.every(({ name }) => typeof point[name] !== 'number'))
  return (
    <>
      <CardHeader>
        <CardTitle>{t(`history.charts.${chart.name}`)}</CardTitle>
        <CardDescription aria-busy={!isComplete && !isError}>
          {points !== undefined && !isEmpty && <Summary chart={chart} range={range} points={points} />}
          {!isComplete && !isError && ` ${t('history.loading')}`}
        </CardDescription>
      </CardHeader>
      {isError && <LoadFailed text={t('history.failed')} onRetry={retry} />}
      {isEmpty === true && <p className="text-sm text-muted-foreground">{t('history.empty')}</p>}
      {points === undefined && !isError && <Skeleton className="h-64" />}
      {points !== undefined && isEmpty !== true && (
        <Suspense fallback={<Skeleton className="h-64" />}>
          <SeriesChart chart={chart} points={points} resolution={resolutionOf(range)} />
        </Suspense>
      )}
    </>
  )
}

/** What the picture says, in a line: for everybody, and for those who do not see it. */
function Summary({ chart, range, points }: { chart: ChartDefinition; range: DayRange; points: Point[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  const unit = t(`history.unit.${chart.unit}`)
  const show = (value: number) => `${format.number(value, chart.fractionDigits)} ${unit}`.trim()
  const parts = chart.series.flatMap(({ name }) => {
    const values = points.map((point) => point[name]).filter((value) => typeof value === 'number')
    const average = mean(values)
    if (average === null) return []
    const value =
      chart.combine === 'sum'
        ? t('history.total', { value: show(sum(values)) })
        : t('history.average', { value: show(average) })
    return chart.series.length > 1 ? `${t(`history.series.${name}`)}: ${value}` : value
  })
  const resolutions = chart.combine === 'sum' ? 'history.resolutionSum' : 'history.resolution'
  return <>{[...parts, t(`${resolutions}.${resolutionOf(range)}`)].join(' · ')}</>
}
