import { format, isValid, parseISO } from 'date-fns'

/** A day of the calendar, `2024-01-31`: no time, no zone. */
export type CalendarDate = string

/** The first day that the API imports. */
export const EARLIEST: CalendarDate = '2000-01-01'

/** The longest range that the API imports. */
export const MAX_YEARS = 30

/** Today in the person's own calendar, wherever UTC is by then. */
export function today(now: Date = new Date()): CalendarDate {
  return toCalendarDate(now)
}

export function toCalendarDate(date: Date): CalendarDate {
  return format(date, 'yyyy-MM-dd')
}

/** Local midnight of a day: for arithmetic and for showing it, never for sending. */
export function toDate(day: CalendarDate): Date {
  return parseISO(day)
}

export function isCalendarDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && isValid(parseISO(text))
}
