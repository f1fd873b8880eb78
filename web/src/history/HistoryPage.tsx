import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { PageTitle } from '@/app/PageTitle'
import { today as todayHere } from '@/dates/calendar'

import { ChartCard } from './charts/ChartCard'
import { CHARTS } from './charts/definitions'
import { CoverageCard } from './coverage/CoverageCard'
import { ExportCard } from './export/ExportCard'
import { rangeUpTo } from './range'
import { RangeChoice } from './RangeChoice'

export default function HistoryPage() {
  const { t } = useTranslation()
  const [today] = useState(() => todayHere())
  const [range, setRange] = useState(() => rangeUpTo(today, 'year'))
  return (
    <>
      <PageTitle title={t('history.title')} />
      <CoverageCard />
      <RangeChoice today={today} range={range} onChange={setRange} />
      {CHARTS.map((chart) => (
        <ChartCard key={chart.name} chart={chart} range={range} />
      ))}
      <ExportCard range={range} />
    </>
  )
}
