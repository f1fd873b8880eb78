import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { DayField } from '@/components/field'
import { Button } from '@/components/ui/button'
import { EARLIEST, isCalendarDate } from '@/dates/calendar'

import { type DayRange, RANGE_NAMES, type RangeName, rangeUpTo } from './range'

/** A range that ends today, or any other. */
export function RangeChoice({
  today,
  range,
  onChange,
}: {
  today: string
  range: DayRange
  onChange: (range: DayRange) => void
}) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState<RangeName | 'custom'>('year')
  const choose = (name: RangeName) => {
    setChosen(name)
    onChange(rangeUpTo(today, name))
  }
  return (
    <div className="grid gap-3">
      <div role="group" aria-label={t('history.range')} className="flex flex-wrap gap-2">
        {RANGE_NAMES.map((name) => (
          <Button
            key={name}
            size="sm"
            variant={chosen === name ? 'default' : 'outline'}
            aria-pressed={chosen === name}
            onClick={() => choose(name)}
          >
            {t(`history.ranges.${name}`)}
          </Button>
        ))}
        <Button
          size="sm"
          variant={chosen === 'custom' ? 'default' : 'outline'}
          aria-pressed={chosen === 'custom'}
          onClick={() => setChosen('custom')}
        >
          {t('history.ranges.custom')}
        </Button>
      </div>
      {chosen === 'custom' && <CustomRange today={today} range={range} onChange={onChange} />}
    </div>
  )
}

function CustomRange({
  today,
  range,
  onChange,
}: {
  today: string
  range: DayRange
  onChange: (range: DayRange) => void
}) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState(range)
  const change = (changed: Partial<DayRange>) => {
    const next = { ...typed, ...changed }
    setTyped(next)
    if (isShowable(next, today)) onChange(next)
  }
  const outOfOrder = typed.from > typed.to
  return (
    <div className="grid max-w-md items-start gap-4 sm:grid-cols-2">
      <DayField
        label={t('history.from')}
        error={outOfOrder ? t('rangeProblems.startAfterEnd') : undefined}
        today={today}
        day={typed.from}
        onChange={(from) => change({ from })}
      />
      <DayField label={t('history.to')} today={today} day={typed.to} onChange={(to) => change({ to })} />
    </div>
  )
}

function isShowable({ from, to }: DayRange, today: string): boolean {
  return isCalendarDate(from) && isCalendarDate(to) && EARLIEST <= from && from <= to && to <= today
}
