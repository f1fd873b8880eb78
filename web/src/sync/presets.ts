import { subYears } from 'date-fns'

import type { Range } from '@/api/api'
import { toCalendarDate, toDate } from '@/dates/calendar'

export const PRESETS = [
  { label: 'lastYear', years: 1 },
  { label: 'last2Years', years: 2 },
  { label: 'last5Years', years: 5 },
] as const

/** The years up to today, of the calendar: a year before 29 February is 28 February. */
export function lastYears(years: number, today: string): Range {
  return { startDate: toCalendarDate(subYears(toDate(today), years)), endDate: today }
}
