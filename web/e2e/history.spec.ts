import type { Page, Route } from '@playwright/test'

import { readFile } from 'node:fs/promises'

import { dayAfter, expect, expectComplete, lookAt, picture, startImport, test } from './fixtures'

const CHARTS = ['steps', 'restingHeartRate', 'sleep', 'hrv', 'weight', 'trainingLoad', 'activities'] as const

/** Ten years of days, made here: it would take minutes to import them first. Pages of at most 1,000, as the API has them. */
async function answerHistory(page: Page): Promise<string[]> {
  const asked: string[] = []
  await page.route('**/integrations/garmin/history/*', async (route: Route) => {
    const { pathname, searchParams } = new URL(route.request().url())
    const kind = pathname.split('/').at(-1) ?? ''
    asked.push(`${kind} ${searchParams.get('fields') ?? 'all'} ${searchParams.get('from') ?? ''}`)
    const [from, to] = [searchParams.get('from') ?? '', searchParams.get('to') ?? '']
    if (kind === 'coverage') {
      const start = dayAfter(to, -3650)
      await route.fulfill({
        json: {
          ranges: [
            { start: from, end: dayAfter(start, -1), state: 'not_imported' },
            { start, end: dayAfter(start, 900), state: 'imported' },
            { start: dayAfter(start, 901), end: dayAfter(start, 930), state: 'failed' },
            { start: dayAfter(start, 931), end: dayAfter(start, 1500), state: 'partial' },
            { start: dayAfter(start, 1501), end: dayAfter(start, 1600), state: 'gap' },
            { start: dayAfter(start, 1601), end: dayAfter(start, 1700), state: 'none' },
            { start: dayAfter(start, 1701), end: to, state: 'imported' },
          ],
          cursor: null,
        },
      })
      return
    }
    const first = Number(searchParams.get('cursor') ?? '0')
    const count = Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1
    const last = Math.min(count, first + Number(searchParams.get('limit')))
    const rows = Array.from({ length: last - first }, (_, index) =>
      row(kind, dayAfter(from, first + index), first + index),
    )
    const name = { daily: 'days', sleep: 'nights', activities: 'activities' }[kind] ?? ''
    await route.fulfill({ json: { [name]: rows, cursor: last < count ? String(last) : null } })
  })
  return asked
}

/** A day and a night, or an activity on every third day. */
function row(kind: string, date: string, index: number) {
  const wave = Math.sin(index / 58)
  const noise = ((index * 7919) % 101) / 101
  if (kind === 'activities') {
    return { id: String(index), startLocal: `${date}T18:00:00`, durationSeconds: 3600 * (0.5 + noise) }
  }
  return {
    date,
    steps: Math.round(8000 + 2500 * wave + 4000 * noise),
    restingHeartRateBpm: 52 + 4 * wave + 3 * noise,
    ...(index % 50 >= 3 && { hrvLastNightAverageMilliseconds: 48 - 6 * wave + 8 * noise }),
    ...(index % 4 === 0 && { weightKilograms: 74 + 2 * wave + noise }),
    acuteLoad: 400 + 150 * wave + 100 * noise,
    chronicLoad: 380 + 120 * wave,
    deepSleepSeconds: 4500 + 900 * noise,
    lightSleepSeconds: 14_000 + 2000 * noise,
    remSleepSeconds: 5600 - 900 * noise,
    awakeSeconds: 1800 * noise,
  }
}

async function openHistory(page: Page) {
  await page.getByRole('link', { name: 'What arrived' }).click()
  await expect(page.getByRole('heading', { name: 'What arrived' })).toBeFocused()
}

interface Rows {
  daily: Record<string, number>[]
  sleep: Record<string, number>[]
  activities: Record<string, number>[]
}

/** What the lines over the charts have to say, worked out from the API's rows in another way than the page does. */
function expectedSummaries({ daily, sleep, activities }: Rows): Record<(typeof CHARTS)[number], string> {
  const known = (rows: Rows[keyof Rows], field: string) => rows.flatMap((row) => row[field] ?? [])
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0)
  const mean = (rows: Rows[keyof Rows], field: string) => total(known(rows, field)) / known(rows, field).length
  const write = (value: number, digits = 0) =>
    new Intl.NumberFormat('en-US', { maximumFractionDigits: digits }).format(value)
  const hours = (field: string) => `${write(mean(sleep, field) / 3600, 1)} h`
  return {
    steps: `Average ${write(mean(daily, 'steps'))} · by day`,
    restingHeartRate: `Average ${write(mean(daily, 'restingHeartRateBpm'))} bpm · by day`,
    sleep:
      `Deep: Average ${hours('deepSleepSeconds')} · Light: Average ${hours('lightSleepSeconds')} · ` +
      `REM: Average ${hours('remSleepSeconds')} · Awake: Average ${hours('awakeSeconds')} · by day`,
    hrv: `Average ${write(mean(daily, 'hrvLastNightAverageMilliseconds'))} ms · by day`,
    weight: `Average ${write(mean(daily, 'weightKilograms'), 1)} kg · by day`,
    trainingLoad: `Acute: Average ${write(mean(daily, 'acuteLoad'))} · Chronic: Average ${write(mean(daily, 'chronicLoad'))} · by day`,
    activities: `Total ${write(total(known(activities, 'durationSeconds')) / 3600, 1)} h · by day`,
  }
}

test.describe('what was imported', () => {
  // Its clocks are changed at midnight: a day of the year has no 0:00.
  test.use({ timezoneId: 'America/Santiago' })

  test('is what is shown, day by day and value by value, and what is saved', async ({ settings: page, server }) => {
    const today = await page.evaluate(() => new Intl.DateTimeFormat('sv-SE').format(new Date()))
    const days = { from: dayAfter(today, -89), to: today }
    // Garmin refuses whatever touches this day, and so some of the days around it.
    const refused = dayAfter(days.from, 15)
    await server.faults([{ fault: { kind: 'forbidden' }, matcher: { days: { from: refused, to: refused } } }])
    await startImport(page, 3)
    await expectComplete(page)
    const query = `from=${days.from}&to=${days.to}&limit=1000`
    const rows: Rows = {
      daily: (await server.api<{ days: Rows['daily'] }>(`history/daily?${query}`)).days,
      sleep: (await server.api<{ nights: Rows['sleep'] }>(`history/sleep?${query}`)).nights,
      activities: (await server.api<{ activities: Rows['activities'] }>(`history/activities?${query}`)).activities,
    }
    const { ranges } = await server.api<{ ranges: { start: string; end: string; state: string }[] }>(
      `history/coverage?${query}`,
    )
    const stateOf = (day: string) => ranges.find(({ start, end }) => start <= day && day <= end)?.state
    expect(stateOf(refused)).toBe('gap')
    expect(stateOf(dayAfter(today, -5))).toBe('imported')

    await openHistory(page)
    const thisYear = page.getByRole('slider', { name: today.slice(0, 4) })
    await thisYear.focus()
    await page.keyboard.press('End')
    const names = { imported: 'Imported', partial: 'In part', none: 'Garmin has nothing', gap: 'Could not be had' }
    const texts: Record<string, string> = { ...names, failed: 'Failed', not_imported: 'Not imported' }
    // As far back as the year goes: on its first days the range begins in the year before.
    for (let day = today; day >= days.from && day.startsWith(today.slice(0, 4)); day = dayAfter(day, -1)) {
      const text = new Date(`${day}T12:00:00Z`).toLocaleDateString('en-US', { dateStyle: 'medium' })
      await expect(thisYear).toHaveAttribute('aria-valuetext', `${text}: ${texts[stateOf(day) ?? '']}`)
      await page.keyboard.press('ArrowUp')
    }

    await page.getByRole('button', { name: '90 days' }).click()
    const summaries = expectedSummaries(rows)
    for (const name of CHARTS) {
      const chart = page.getByTestId(`chart-${name}`)
      await chart.scrollIntoViewIfNeeded()
      await expect(chart.locator('[data-slot=card-description]')).toHaveText(summaries[name])
      await expect(
        chart.locator('svg').locator('.recharts-line-curve, .recharts-bar-rectangle path').first(),
      ).toBeVisible()
    }
    // A bar of nought, such as this day's just after midnight, is none.
    const walked = rows.daily.filter(({ steps = 0 }) => steps > 0)
    await expect(page.getByTestId('chart-steps').locator('.recharts-bar-rectangle path')).toHaveCount(walked.length)
    await lookAt(page, 'history-of-three-months')

    const save = async (kind: string, button: string) => {
      await page.getByLabel('What', { exact: true }).selectOption(kind)
      const saved = page.waitForEvent('download')
      await page.getByRole('button', { name: button }).click()
      const file = await saved
      return readFile(await file.path(), 'utf8')
    }
    for (const [kind, expected] of Object.entries({ ...rows, coverage: ranges })) {
      expect(JSON.parse(await save(kind, 'Download JSON'))).toEqual(expected)
      const [header, ...lines] = (await save(kind, 'Download CSV')).trimEnd().split('\r\n')
      // Every value that is there has a column, and the first one says which row it is.
      expect(header?.split(',')).toEqual(expect.arrayContaining(Object.keys(expected[0] ?? {})))
      const [first = ''] = header?.split(',') ?? []
      expect(lines.map((line) => line.split(',')[0])).toEqual(
        (expected as Record<string, unknown>[]).map((row) => row[first]),
      )
    }
  })
})

test('ten years of days are a calendar and charts, and each kind is asked for as it comes near', async ({
  settings: page,
}) => {
  const asked = await answerHistory(page)
  await openHistory(page)
  await expect(page.getByRole('slider')).toHaveCount(11)
  await page.getByText('2 ranges with gaps or failures').click()

  expect(asked.some((query) => query.startsWith('activities'))).toBe(false)
  await page.getByRole('button', { name: '10 years' }).click()
  for (const name of CHARTS) {
    const chart = page.getByTestId(`chart-${name}`)
    await chart.scrollIntoViewIfNeeded()
    await expect(chart.locator('svg.recharts-surface').first()).toBeVisible()
    await expect(chart.getByText(/by month|monthly averages/)).toBeVisible()
    await expect(chart.getByText('Loading…')).toBeHidden()
  }
  // Four pages of a thousand days for the five charts that are made of days.
  const tenYears = new Date().getUTCFullYear() - 10
  const pages = asked.filter((query) => query.startsWith('daily ') && query.includes(` ${tenYears}-`))
  expect(pages).toHaveLength(4)
  await lookAt(page, 'history-of-ten-years')
})

test('a window made narrow cuts no number of a chart off', async ({ settings: page }) => {
  await answerHistory(page)
  await openHistory(page)
  const steps = page.getByTestId('chart-steps').locator('svg.recharts-surface').first()
  await expect(steps.locator('.recharts-yAxis-tick-labels text').first()).toBeVisible()
  await page.setViewportSize({ width: 360, height: 740 })
  await expect
    .poll(() =>
      steps.evaluate((chart) => {
        const { left, right } = chart.getBoundingClientRect()
        const numbers = [...chart.querySelectorAll('.recharts-yAxis-tick-labels text')].map((text) =>
          text.getBoundingClientRect(),
        )
        return { fits: right - left < 330, all: numbers.length > 2 && numbers.every((number) => number.left >= left) }
      }),
    )
    .toEqual({ fits: true, all: true })
})

test('a day of the calendar is found with the keyboard', async ({ settings: page }) => {
  await answerHistory(page)
  await openHistory(page)
  const year = page.getByRole('slider').first()
  await year.focus()
  await page.keyboard.press('ArrowDown')
  await expect(year).toHaveAttribute('aria-valuetext', /^Jan 2, \d{4}: Imported$/)
  await page.keyboard.press('ArrowRight')
  await expect(year).toHaveAttribute('aria-valuetext', /^Jan 9, \d{4}: Imported$/)
})

test('what is shown can be had as a file, all its pages in one', async ({ settings: page }) => {
  await answerHistory(page)
  await openHistory(page)
  await page.getByRole('button', { name: '5 years' }).click()
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download JSON' }).click()
  const file = await saved
  expect(file.suggestedFilename()).toMatch(/^garmin-daily-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.json$/)
  const chunks: Buffer[] = []
  for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer)
  const rows = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { date: string }[]
  expect(rows.length).toBeGreaterThan(1825)
  expect(new Set(rows.map(({ date }) => date)).size).toBe(rows.length)
})

test('a page that cannot be loaded is offered again', async ({ settings: page }) => {
  await page.route('**/history/**', (route) =>
    route.fulfill({ status: 503, json: { error: 'away', code: 'unavailable' } }),
  )
  await openHistory(page)
  await expect(page.getByText('This could not be loaded.').first()).toBeVisible()
  await page.unroute('**/history/**')
  await answerHistory(page)
  await page.getByRole('button', { name: 'Try again' }).first().click()
  await expect(page.getByRole('slider')).toHaveCount(11)
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true })

  test('nothing of it is wider than the screen', async ({ settings: page }) => {
    await answerHistory(page)
    await openHistory(page)
    await expect(page.getByRole('slider')).toHaveCount(11)
    await expect(page.getByTestId('chart-steps').locator('svg.recharts-surface').first()).toBeVisible()
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    await picture(page, 'history-phone')
  })
})
