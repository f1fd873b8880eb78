import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import type { CoverageRange } from '@/api/types'
import { Disclosure } from '@/components/disclosure'
import { LoadFailed } from '@/components/load-failed'
import { Card, CardDescription, CardHeader, CardTitle } from '@/components/ui/card'
import { Skeleton } from '@/components/ui/skeleton'
import { EARLIEST, today as todayHere } from '@/dates/calendar'
import { useFormat } from '@/dates/use-format'

import { useHistory } from '../use-history'
import { byYear, STATES } from './states'
import { YearMap } from './YearMap'

/** What became of every day since the first one that was imported. */
export function CoverageCard() {
  const { t } = useTranslation()
  const range = useMemo(() => ({ from: EARLIEST, to: todayHere() }), [])
  const { rows, isComplete, isError, retry } = useHistory('coverage', range)
  const years = useMemo(() => rows && byYear(rows), [rows])
  const problems = rows?.filter(({ state }) => state === 'gap' || state === 'failed') ?? []
  return (
    <Card>
      <CardHeader>
        <CardTitle>{t('history.coverage.title')}</CardTitle>
        <CardDescription>
          {t('history.coverage.description')} {t('history.coverage.hint')}
        </CardDescription>
      </CardHeader>
      <Legend />
      {isError && <LoadFailed text={t('app.loadFailed')} onRetry={retry} />}
      {/* The oldest days come first, so the years are drawn when the newest are there. */}
      {!isComplete && !isError && <Skeleton className="h-40" />}
      {isComplete && years?.map((year) => <YearMap key={year.year} year={year} />)}
      {problems.length > 0 && <Problems ranges={problems} />}
    </Card>
  )
}

function Legend() {
  const { t } = useTranslation()
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted-foreground">
      {STATES.map((state) => (
        <li key={state} className="flex items-center gap-1.5">
          <span
            aria-hidden
            className="size-3 rounded-xs border border-foreground/15"
            style={{ background: `var(--coverage-${state.replace('_', '-')})` }}
          />
          {t(`history.coverage.state.${state}`)}
        </li>
      ))}
    </ul>
  )
}

function Problems({ ranges }: { ranges: CoverageRange[] }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <Disclosure summary={t('history.coverage.problems', { count: ranges.length })}>
      <ul className="grid gap-1">
        {ranges.map(({ start, end, state }) => (
          <li key={start}>
            {format.dayRange(start, end)}: {t(`history.coverage.state.${state}`)}
          </li>
        ))}
      </ul>
    </Disclosure>
  )
}
