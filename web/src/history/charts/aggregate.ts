import { differenceInCalendarDays, eachDayOfInterval, startOfMonth, startOfWeek } from 'date-fns'

import type { DatedRow } from '@/api/types'
import { type CalendarDate, toCalendarDate, toDate } from '@/dates/calendar'

import type { DayRange } from '../range'
import type { Series, SeriesName } from './definitions'

/** More points than this say no more, and draw slowly. */
export const MAX_POINTS = 400

export type Resolution = 'day' | 'week' | 'month'

/** One point of a chart: the first day of what it stands for, and a value per series; null where nothing is known. */
export type Point = { date: CalendarDate } & Partial<Record<SeriesName, number | null>>

export function resolutionOf({ from, to }: DayRange): Resolution {
  const days = differenceInCalendarDays(toDate(to), toDate(from)) + 1
  if (days <= MAX_POINTS) return 'day'
  return days <= MAX_POINTS * 7 ? 'week' : 'month'
}

/** A point for every day, week or month of the range, also where there are no rows: an axis of time has no holes. */
export function aggregate(
  rows: readonly DatedRow[],
  range: DayRange,
  series: readonly Series[],
  combine: 'mean' | 'sum',
): Point[] {
  const startOf = STARTS[resolutionOf(range)]
  const buckets = new Map<CalendarDate, DatedRow[]>()
  for (const day of eachDayOfInterval({ start: toDate(range.from), end: toDate(range.to) })) {
    const start = startOf(toCalendarDate(day))
    if (!buckets.has(start)) buckets.set(start, [])
  }
  for (const row of rows) buckets.get(startOf(row.date))?.push(row)

  return [...buckets].map(([date, bucket]) => {
    const values = series.map(({ name, field, scale }) => [name, combined(bucket, field, scale, combine)] as const)
    return { date, ...Object.fromEntries(values) }
  })
}

/** The mean of the days that are known; null when there are none. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : sum(values) / values.length
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

const STARTS: Record<Resolution, (day: CalendarDate) => CalendarDate> = {
  day: (day) => day,
  week: (day) => toCalendarDate(startOfWeek(toDate(day), { weekStartsOn: 1 })),
  month: (day) => toCalendarDate(startOfMonth(toDate(day))),
}

function combined(rows: DatedRow[], field: string, scale: number, combine: 'mean' | 'sum'): number | null {
  const values = rows.map((row) => row[field]).filter((value) => typeof value === 'number')
  if (values.length === 0) return null
  const value = combine === 'sum' ? sum(values) : mean(values)
  return value === null ? null : value * scale
}
