import { eachDayOfInterval, getDaysInYear, getYear } from 'date-fns'

import type { CoverageRange, CoverageState } from '@/api/types'
import { type CalendarDate, toCalendarDate, toDate } from '@/dates/calendar'

export const STATES = [
  'imported',
  'partial',
  'none',
  'gap',
  'failed',
  'not_imported',
] as const satisfies readonly CoverageState[]

export interface CoverageYear {
  year: number
  /** One state per day from 1 January on; null after the last day that was asked for. */
  days: (CoverageState | null)[]
  counts: Partial<Record<CoverageState, number>>
}

/** The days of runs of days, year by year, newest first; the years before anything was imported are left out. */
export function byYear(ranges: readonly CoverageRange[]): CoverageYear[] {
  const years = new Map<number, CoverageYear>()
  for (const { start, end, state } of ranges) {
    for (const day of eachDayOfInterval({ start: toDate(start), end: toDate(end) })) {
      const year = yearOf(years, getYear(day))
      year.days[dayOfYear(day)] = state
      year.counts[state] = (year.counts[state] ?? 0) + 1
    }
  }
  const oldestFirst = [...years.values()].sort((a, b) => a.year - b.year)
  const first = oldestFirst.findIndex(({ counts }) => Object.keys(counts).some((state) => state !== 'not_imported'))
  return first === -1 ? oldestFirst.slice(-1) : oldestFirst.slice(first).reverse()
}

/** The day of the year at an index of `days`. */
export function dayAt(year: number, index: number): CalendarDate {
  return toCalendarDate(new Date(year, 0, index + 1))
}

function yearOf(years: Map<number, CoverageYear>, year: number): CoverageYear {
  let found = years.get(year)
  if (found === undefined) {
    const days = Array<CoverageState | null>(getDaysInYear(new Date(year, 0))).fill(null)
    found = { year, days, counts: {} }
    years.set(year, found)
  }
  return found
}

/** By the calendar, not by hours: a year has a day of 23. */
function dayOfYear(day: Date): number {
  return Math.round(
    (Date.UTC(day.getFullYear(), day.getMonth(), day.getDate()) - Date.UTC(day.getFullYear(), 0, 1)) / 86_400_000,
  )
}
