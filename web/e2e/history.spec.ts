import type { Page, Route } from '@playwright/test'

import { expect, expectAccessible, picture, test } from './fixtures'

const DAY_MS = 86_400_000
const dayAfter = (day: string, days: number) => new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10)

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
    const count = Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1
    const last = Math.min(count, first + Number(searchParams.get('limit')))
    const rows = Array.from({ length: last - first }, (_, index) => row(dayAfter(from, first + index), first + index))
    const name = { daily: 'days', sleep: 'nights', activities: 'activities' }[kind] ?? ''
    await route.fulfill({ json: { [name]: rows, cursor: last < count ? String(last) : null } })
  })
  return asked
}

function row(date: string, index: number) {
  const wave = Math.sin(index / 58)
  const noise = ((index * 7919) % 101) / 101
  return {
    date,
    steps: Math.round(8000 + 2500 * wave + 4000 * noise),
    restingHeartRateBpm: 52 + 4 * wave + 3 * noise,
    hrvLastNightAverageMilliseconds: index % 50 < 3 ? null : 48 - 6 * wave + 8 * noise,
    weightKilograms: index % 4 === 0 ? 74 + 2 * wave + noise : null,
    acuteLoad: 400 + 150 * wave + 100 * noise,
    chronicLoad: 380 + 120 * wave,
    deepSleepSeconds: 4500 + 900 * noise,
    lightSleepSeconds: 14_000 + 2000 * noise,
    remSleepSeconds: 5600 - 900 * noise,
    awakeSeconds: 1800 * noise,
    durationSeconds: index % 3 === 0 ? 3600 * (0.5 + noise) : 0,
  }
}

async function openHistory(page: Page) {
  await page.getByRole('link', { name: 'What arrived' }).click()
  await expect(page.getByRole('heading', { name: 'What arrived' })).toBeFocused()
}

test('ten years of days are a calendar and charts, and only what is shown is asked for', async ({ settings: page }) => {
  const asked = await answerHistory(page)
  await openHistory(page)
  await expect(page.getByRole('slider')).toHaveCount(11)
  await page.getByText('2 ranges with gaps or failures').click()

  // Fetched as it comes near the screen, with its own fields.
  expect(asked.some((query) => query.includes('durationSeconds'))).toBe(false)
  await page.getByRole('button', { name: '10 years' }).click()
  for (const name of ['steps', 'restingHeartRate', 'sleep', 'hrv', 'weight', 'trainingLoad', 'activities']) {
    const chart = page.getByTestId(`chart-${name}`)
    await chart.scrollIntoViewIfNeeded()
    await expect(chart.locator('svg.recharts-surface').first()).toBeVisible()
    await expect(chart.getByText(/by month|monthly averages/)).toBeVisible()
    await expect(chart.getByText('Loading…')).toBeHidden()
  }
  expect(asked.filter((query) => query.startsWith('daily steps ') && !query.includes(','))).not.toHaveLength(0)
  await expectAccessible(page)
  await picture(page, 'history')
  await page.getByRole('button', { name: 'Switch to dark mode' }).click()
  await picture(page, 'history-dark')
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
