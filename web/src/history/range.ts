import { subDays, subYears } from 'date-fns'

import { type CalendarDate, toCalendarDate, toDate } from '@/dates/calendar'

/** Days from the first to the last, both included. */
export interface DayRange {
  from: CalendarDate
  to: CalendarDate
}

export const RANGE_NAMES = ['month', 'quarter', 'year', 'fiveYears', 'tenYears'] as const
export type RangeName = (typeof RANGE_NAMES)[number]

/** A range that ends today. */
export function rangeUpTo(today: CalendarDate, name: RangeName): DayRange {
  const end = toDate(today)
  const start = {
    month: () => subDays(end, 29),
    quarter: () => subDays(end, 89),
    year: () => subYears(end, 1),
    fiveYears: () => subYears(end, 5),
    tenYears: () => subYears(end, 10),
  }[name]()
  return { from: toCalendarDate(start), to: today }
}
