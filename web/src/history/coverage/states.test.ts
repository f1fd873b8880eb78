import { expect, it } from 'vitest'

import { byYear, dayAt } from './states'

it('puts every day into its year, newest first, without the years before anything arrived', () => {
  const years = byYear([
    { start: '2000-01-01', end: '2022-12-30', state: 'not_imported' },
    { start: '2022-12-31', end: '2024-03-31', state: 'imported' },
    { start: '2024-04-01', end: '2024-04-02', state: 'gap' },
  ])
  expect(years.map(({ year }) => year)).toEqual([2024, 2023, 2022])
  expect(years[0]?.days).toHaveLength(366)
  expect(years[0]?.counts).toEqual({ imported: 91, gap: 2 })
  expect(years[0]?.days[91]).toBe('gap')
  expect(years[0]?.days[93]).toBeNull()
  expect(years[2]?.counts).toEqual({ not_imported: 364, imported: 1 })
})

it('a day and its place in the year lead to each other, over both changes of the clock', () => {
  const [year] = byYear([{ start: '2023-01-01', end: '2023-12-31', state: 'imported' }])
  expect(year?.days.every((state) => state === 'imported')).toBe(true)
  expect(dayAt(2023, 0)).toBe('2023-01-01')
  expect(dayAt(2023, 84)).toBe('2023-03-26')
  expect(dayAt(2023, 364)).toBe('2023-12-31')
})

it('where nothing was imported yet it shows this year', () => {
  expect(byYear([{ start: '2000-01-01', end: '2024-05-01', state: 'not_imported' }]).map(({ year }) => year)).toEqual([
    2024,
  ])
})
