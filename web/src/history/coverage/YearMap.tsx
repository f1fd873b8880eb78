import { type KeyboardEvent, type PointerEvent, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { useFormat } from '@/dates/use-format'

import { type CoverageYear, dayAt, STATES } from './states'

/** A day's square and the distance to the next one, in units of the drawing. */
const SIDE = 10
const STEP = 12
const WEEKS = 54

const KEYS: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7 }

/** A year as weeks of days. One path per state: ten years are sixty shapes, not 3,650. */
export function YearMap({ year: { year, days, counts } }: { year: CoverageYear }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [pointed, setPointed] = useState<number | null>(null)

  const offset = weekday(new Date(year, 0, 1))
  const paths = useMemo(() => STATES.map((state) => ({ state, path: pathOf(days, state, offset) })), [days, offset])
  const last = days.findLastIndex((state) => state !== null)

  const text = (index: number) => {
    const state = days[index]
    return state ? `${format.day(dayAt(year, index))}: ${t(`history.coverage.state.${state}`)}` : ''
  }
  const summary = STATES.filter((state) => counts[state] !== undefined)
    .map((state) =>
      t('history.coverage.part', {
        state: t(`history.coverage.state.${state}`),
        count: counts[state],
      }),
    )
    .join(', ')

  const point = ({ currentTarget, clientX, clientY }: PointerEvent<SVGSVGElement>) => {
    const { left, top, width, height } = currentTarget.getBoundingClientRect()
    const week = Math.floor(((clientX - left) / width) * WEEKS)
    const day = Math.floor(((clientY - top) / height) * 7)
    const index = week * 7 + day - offset
    setPointed(index >= 0 && index <= last ? index : null)
  }
  const go = (event: KeyboardEvent) => {
    const to = { Home: 0, End: last }[event.key]
    const by = KEYS[event.key]
    if (to === undefined && by === undefined) return
    event.preventDefault()
    setPointed(to ?? Math.min(last, Math.max(0, (pointed ?? 0) + (by ?? 0))))
  }

  return (
    <div className="grid gap-1">
      <div className="flex flex-wrap justify-between gap-x-4 text-sm">
        <h3 className="font-medium">{year}</h3>
        <p className="text-xs text-muted-foreground" aria-hidden={pointed !== null}>
          {pointed === null ? summary : text(pointed)}
        </p>
      </div>
      <div
        role="slider"
        tabIndex={0}
        aria-label={t('history.coverage.yearLabel', { year, summary })}
        aria-orientation="horizontal"
        aria-valuemin={1}
        aria-valuemax={last + 1}
        aria-valuenow={(pointed ?? 0) + 1}
        aria-valuetext={text(pointed ?? 0)}
        onKeyDown={go}
        onBlur={() => setPointed(null)}
        className="rounded-sm outline-none focus-visible:ring-[3px] focus-visible:ring-ring/60"
      >
        <svg
          aria-hidden
          viewBox={`0 0 ${WEEKS * STEP} ${7 * STEP}`}
          className="block w-full"
          onPointerMove={point}
          onPointerLeave={() => setPointed(null)}
        >
          {paths.map(({ state, path }) => (
            <path key={state} d={path} fill={`var(--coverage-${state.replace('_', '-')})`} />
          ))}
          {pointed !== null && (
            <path d={square(pointed, offset)} className="fill-none stroke-foreground" strokeWidth={2} />
          )}
        </svg>
      </div>
    </div>
  )
}

/** 0 for Monday. */
function weekday(day: Date): number {
  return (day.getDay() + 6) % 7
}

function pathOf(days: CoverageYear['days'], wanted: string, offset: number): string {
  return days.map((state, index) => (state === wanted ? square(index, offset) : '')).join('')
}

function square(index: number, offset: number): string {
  const place = index + offset
  return `M${Math.floor(place / 7) * STEP} ${(place % 7) * STEP}h${SIDE}v${SIDE}h-${SIDE}z`
}
