import { differenceInCalendarDays, eachDayOfInterval, eachMonthOfInterval, eachWeekOfInterval } from 'date-fns'

import { type CalendarDate, toCalendarDate, toDate } from '@/dates/calendar'

import type { DayRange } from '../range'
import type { AnySeries, ChartDefinition, ChartRow, SeriesName } from './definitions'

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
  rows: readonly ChartRow[],
  range: DayRange,
  chart: Pick<ChartDefinition, 'series' | 'combine'>,
): Point[] {
  const buckets = startsOf(range).map((date) => ({ date, rows: [] as ChartRow[] }))
  let index = 0
  // Both go from first to last: no date of a row has to be taken apart, which for ten years takes longer than drawing them.
  for (const row of rows) {
    const day = dayOf(row)
    if (day === undefined) continue
    while ((buckets[index + 1]?.date ?? AFTER_ALL) <= day) index++
    buckets[index]?.rows.push(row)
  }
  return buckets.map(({ date, rows: bucket }) => {
    const values = chart.series.map((series) => [series.name, combine(bucket, series, chart.combine)] as const)
    return { date, ...Object.fromEntries(values) }
  })
}

/** Later than every day as a text. */
const AFTER_ALL = '~'

/** The first day of each point. */
function startsOf(range: DayRange): CalendarDate[] {
  const interval = { start: toDate(range.from), end: toDate(range.to) }
  const days = {
    day: () => eachDayOfInterval(interval),
    week: () => eachWeekOfInterval(interval, { weekStartsOn: 1 }),
    month: () => eachMonthOfInterval(interval),
  }[resolutionOf(range)]()
  return days.map(toCalendarDate)
}

/** An activity belongs to the day on which it began on the person's clock, as it does for the API. */
function dayOf(row: ChartRow): CalendarDate | undefined {
  return 'date' in row ? row.date : row.startLocal?.slice(0, 'yyyy-MM-dd'.length)
}

/** The mean, or the sum, of the rows that know a value; null when none does. */
export function combine(
  rows: readonly ChartRow[],
  { field, scale }: Pick<AnySeries, 'field' | 'scale'>,
  how: ChartDefinition['combine'],
): number | null {
  const values = rows.map((row): unknown => Reflect.get(row, field)).filter((value) => typeof value === 'number')
  if (values.length === 0) return null
  const sum = values.reduce((total, value) => total + value, 0)
  return (how === 'sum' ? sum : sum / values.length) * scale
}
