import { type SubmitEvent, useDeferredValue, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

import type { Range } from '@/api/api'
import { ApiError } from '@/api/errors'
import type { MetricType } from '@/api/types'
import { DayField } from '@/components/field'
import { focusFirstInvalid } from '@/components/focus-first-invalid'
import { Button } from '@/components/ui/button'
import { DialogFooter } from '@/components/ui/dialog'
import { EARLIEST, MAX_YEARS, today as todayHere } from '@/dates/calendar'
import { useFormat } from '@/dates/use-format'
import { useErrorText } from '@/i18n/use-error-text'

import { EstimateText } from './EstimateText'
import { MetricChoice } from './MetricChoice'
import { ALL_METRICS } from './metrics'
import { lastYears, PRESETS } from './presets'
import { fieldOfCode, rangeProblems } from './range-problems'
import { useSyncActions } from './use-sync-actions'

/** Which range, which data. Closes when the server has answered that something runs. */
export function HistoricalImportForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const errorText = useErrorText()
  const { importRange } = useSyncActions()
  const [today] = useState(() => todayHere())
  const [range, setRange] = useState<Range>(() => lastYears(1, today))
  const [chosen, setChosen] = useState<ReadonlySet<MetricType>>(() => new Set(ALL_METRICS))
  const form = useRef<HTMLFormElement>(null)

  const problems = rangeProblems(range, today)
  const isValid = Object.keys(problems).length === 0
  // Typing a year passes through 0002, 0020 and 0202: what is asked may lag behind what is typed.
  const estimated = useDeferredValue(isValid ? range : null)

  const change = (changed: Partial<Range>) => {
    importRange.reset()
    setRange({ ...range, ...changed })
  }

  const errorOf = (field: keyof Range): string | undefined => {
    const problem = problems[field]
    if (problem !== undefined) {
      return t(`rangeProblems.${problem}`, { day: format.day(EARLIEST), years: MAX_YEARS })
    }
    const { error } = importRange
    return error instanceof ApiError && fieldOfCode(error.code) === field ? errorText(error) : undefined
  }

  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!isValid || chosen.size === 0) {
      focusFirstInvalid(form.current)
      return
    }
    if (importRange.isPending) return
    const metricTypes = chosen.size === ALL_METRICS.length ? [] : [...chosen]
    importRange.mutate({ range, metricTypes }, { onSuccess: onDone })
  }

  return (
    // The fields say what is wrong themselves, in the page's language.
    <form ref={form} noValidate onSubmit={submit} className="grid gap-5">
      <div role="group" aria-label={t('import.presets')} className="flex flex-wrap gap-2">
        {PRESETS.map(({ label, years }) => (
          <Button key={label} size="sm" variant="secondary" onClick={() => change(lastYears(years, today))}>
            {t(`import.${label}`)}
          </Button>
        ))}
      </div>
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <DayField
          label={t('import.startDate')}
          error={errorOf('startDate')}
          today={today}
          day={range.startDate}
          onChange={(startDate) => change({ startDate })}
        />
        <DayField
          label={t('import.endDate')}
          error={errorOf('endDate')}
          today={today}
          day={range.endDate}
          onChange={(endDate) => change({ endDate })}
        />
      </div>
      <div>
        <MetricChoice chosen={chosen} onChange={setChosen} />
        {chosen.size === 0 && (
          <p role="alert" className="text-sm text-destructive">
            {t('import.metricsRequired')}
          </p>
        )}
      </div>
      <EstimateText range={estimated} />
      <DialogFooter>
        <Button variant="outline" onClick={onDone}>
          {t('import.cancel')}
        </Button>
        <Button type="submit" aria-disabled={importRange.isPending}>
          {importRange.isPending ? t('import.starting') : t('import.start')}
        </Button>
      </DialogFooter>
    </form>
  )
}
