import { subYears } from 'date-fns'

import type { Range } from '@/api/api'
import { EARLIEST, MAX_YEARS, toCalendarDate, toDate } from '@/dates/calendar'

export type Problem = 'startRequired' | 'endRequired' | 'startTooEarly' | 'startAfterEnd' | 'endInFuture' | 'tooLong'

/** What is wrong, beside the field that has to change. */
export type RangeProblems = Partial<Record<keyof Range, Problem>>

/** The server's rules, so that somebody learns of a mistake while making it; the server has the last word. */
export function rangeProblems({ startDate, endDate }: Range, today: string): RangeProblems {
  const problems: RangeProblems = {}
  if (endDate === '') problems.endDate = 'endRequired'
  else if (endDate > today) problems.endDate = 'endInFuture'

  if (startDate === '') problems.startDate = 'startRequired'
  else if (startDate < EARLIEST) problems.startDate = 'startTooEarly'
  else if (endDate !== '' && startDate > endDate) problems.startDate = 'startAfterEnd'
  else if (endDate !== '' && startDate < toCalendarDate(subYears(toDate(endDate), MAX_YEARS))) {
    problems.startDate = 'tooLong'
  }
  return problems
}

/** Which field one of the server's codes is about; undefined when it is about neither. */
export function fieldOfCode(code: string): keyof Range | undefined {
  switch (code) {
    case 'end_in_future':
      return 'endDate'
    case 'dates_required':
    case 'invalid_date':
    case 'start_after_end':
    case 'start_too_early':
    case 'range_too_long':
      return 'startDate'
    default:
      return undefined
  }
}
