import { expect, it } from 'vitest'

import { lastYears } from './presets'
import { rangeProblems } from './range-problems'

const TODAY = '2024-02-29'
const problems = (startDate: string, endDate: string) => rangeProblems({ startDate, endDate }, TODAY)

it('takes one day, today, and the first day there can be', () => {
  expect(problems(TODAY, TODAY)).toEqual({})
  expect(problems('2000-01-01', TODAY)).toEqual({})
})

it('says what is wrong beside the field that has to change', () => {
  expect(problems('', '')).toEqual({ startDate: 'startRequired', endDate: 'endRequired' })
  expect(problems('1999-12-31', TODAY)).toEqual({ startDate: 'startTooEarly' })
  expect(problems('2024-02-28', '2024-02-27')).toEqual({ startDate: 'startAfterEnd' })
  expect(problems('2024-01-01', '2024-03-01')).toEqual({ endDate: 'endInFuture' })
})

it('allows thirty years and not a day more', () => {
  expect(rangeProblems({ startDate: '2001-05-01', endDate: '2031-05-01' }, '2031-05-01')).toEqual({})
  expect(rangeProblems({ startDate: '2001-04-30', endDate: '2031-05-01' }, '2031-05-01')).toEqual({
    startDate: 'tooLong',
  })
})

it('a year before a 29 February is a 28 February', () => {
  expect(lastYears(1, TODAY)).toEqual({ startDate: '2023-02-28', endDate: TODAY })
  expect(lastYears(4, TODAY).startDate).toBe('2020-02-29')
})
