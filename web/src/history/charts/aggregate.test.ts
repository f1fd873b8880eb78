import { expect, it } from 'vitest'

import { aggregate, MAX_POINTS, resolutionOf } from './aggregate'

const STEPS = { series: [{ name: 'steps', field: 'steps', scale: 1, color: '' }], combine: 'mean' } as const
const HOURS = {
  series: [{ name: 'activityHours', field: 'durationSeconds', scale: 1 / 3600, color: '' }],
  combine: 'sum',
} as const

it('draws days up to a year, then weeks, then months', () => {
  expect(resolutionOf({ from: '2023-01-01', to: '2023-12-31' })).toBe('day')
  expect(resolutionOf({ from: '2019-01-01', to: '2023-12-31' })).toBe('week')
  expect(resolutionOf({ from: '2014-01-01', to: '2023-12-31' })).toBe('month')
})

it('never makes more points than can be seen', () => {
  for (const from of ['2022-11-27', '2022-11-26', '2016-05-01', '2014-01-01', '2000-01-01']) {
    expect(aggregate([], { from, to: '2023-12-31' }, STEPS).length).toBeLessThanOrEqual(MAX_POINTS + 1)
  }
})

it('has a point for every day, also where clocks are changed and where nothing is known', () => {
  const points = aggregate([{ date: '2024-03-31', steps: 5 }], { from: '2024-03-30', to: '2024-04-01' }, STEPS)
  expect(points).toEqual([
    { date: '2024-03-30', steps: null },
    { date: '2024-03-31', steps: 5 },
    { date: '2024-04-01', steps: null },
  ])
})

it('takes the mean of the days that are known, and the sum of what adds up', () => {
  const range = { from: '2020-01-01', to: '2023-12-31' }
  const rows = [
    { date: '2023-05-01', steps: 1000 },
    { date: '2023-05-02' },
    { date: '2023-05-07', steps: 3000 },
    { date: '2023-05-08', steps: 9 },
  ]
  const week = (combine: 'mean' | 'sum') =>
    aggregate(rows, range, { ...STEPS, combine }).find(({ date }) => date === '2023-05-01')?.steps
  expect(week('mean')).toBe(2000)
  expect(week('sum')).toBe(4000)
})

it('counts an activity for the day on which it began on the person’s clock', () => {
  const activities = [
    { id: '1', startLocal: '2024-01-31T23:59:59', durationSeconds: 3600 },
    { id: '2', durationSeconds: 7200 },
    { id: '3', startLocal: '2024-02-01T00:00:00', durationSeconds: 1800 },
    { id: '4', startLocal: '2024-02-01T18:00:00', durationSeconds: 1800 },
  ]
  expect(aggregate(activities, { from: '2024-01-31', to: '2024-02-02' }, HOURS)).toEqual([
    { date: '2024-01-31', activityHours: 1 },
    { date: '2024-02-01', activityHours: 1 },
    { date: '2024-02-02', activityHours: null },
  ])
})

it('a range that begins within a week or a month loses none of its days', () => {
  for (const from of ['2022-06-15', '2010-06-15']) {
    const rows = [
      { date: from, steps: 1 },
      { date: '2023-12-31', steps: 2 },
    ]
    const points = aggregate(rows, { from, to: '2023-12-31' }, { ...STEPS, combine: 'sum' })
    expect([points.at(0)?.steps, points.at(-1)?.steps]).toEqual([1, 2])
  }
})
