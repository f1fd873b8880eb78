import { card, expect, expectComplete, test } from './fixtures'

/** 23:30 on a 31 December in UTC: another year already to the east of it, and not yet to the west. */
const NEW_YEAR = new Date('2025-12-31T23:30:00Z')
/** Half an hour before the clocks of Berlin go from 2 to 3. */
const SPRING = new Date('2026-03-29T00:30:00Z')

for (const { zone, now, today, aYearAgo } of [
  { zone: 'Pacific/Kiritimati', now: NEW_YEAR, today: '2026-01-01', aYearAgo: '2025-01-01' },
  { zone: 'Pacific/Auckland', now: NEW_YEAR, today: '2026-01-01', aYearAgo: '2025-01-01' },
  { zone: 'America/New_York', now: NEW_YEAR, today: '2025-12-31', aYearAgo: '2024-12-31' },
  { zone: 'Europe/Berlin', now: SPRING, today: '2026-03-29', aYearAgo: '2025-03-29' },
  { zone: 'America/Los_Angeles', now: SPRING, today: '2026-03-28', aYearAgo: '2025-03-28' },
]) {
  test.describe(zone, () => {
    test.use({ timezoneId: zone })

    test(`today is ${today} at ${now.toISOString()}`, async ({ settings: page }) => {
      await page.clock.setFixedTime(now)
      await page.getByRole('button', { name: 'Historical Import' }).click()
      await expect(page.getByLabel('End Date')).toHaveValue(today)
      await expect(page.getByLabel('End Date')).toHaveAttribute('max', today)
      await expect(page.getByLabel('Start Date')).toHaveValue(aYearAgo)
    })
  })
}

test('what cannot be imported is said beside the field, and the keyboard is put there', async ({ settings: page }) => {
  await page.getByRole('button', { name: 'Historical Import' }).click()
  await page.getByLabel('Start Date').fill('1999-12-31')
  await expect(page.getByLabel('Start Date')).toHaveAccessibleDescription('Not before Jan 1, 2000.')
  await page.getByRole('button', { name: 'Start Import' }).click()
  await expect(page.getByLabel('Start Date')).toBeFocused()
  await expect(page.getByRole('dialog')).toBeVisible()
})

test('the zone of the browser goes with the request', async ({ settings: page }) => {
  await page.getByRole('button', { name: 'Historical Import' }).click()
  const asked = page.waitForRequest('**/sync/historical')
  await page.getByRole('button', { name: 'Start Import' }).click()
  expect((await asked).postDataJSON()).toMatchObject({ timeZone: 'Europe/Berlin', metricTypes: [] })
})

test.describe('where it is another day than in UTC', () => {
  // At every hour one of the two is: 14 hours ahead, or 12 behind.
  test.use({ timezoneId: new Date().getUTCHours() >= 10 ? 'Pacific/Kiritimati' : 'Etc/GMT+12' })

  test('today is the person’s, for the page and for the server', async ({ settings: page, server }) => {
    await page.getByRole('button', { name: 'Historical Import' }).click()
    const today = await page.getByLabel('End Date').inputValue()
    expect(today).not.toBe(new Date().toISOString().slice(0, 10))
    await page.getByLabel('Start Date').fill(today)
    await expect(page.getByTestId('estimate')).toHaveText(/^1 day \(1 chunk\)/)
    await page.getByRole('button', { name: 'Start Import' }).click()
    await expectComplete(page)
    const shown = new Date(`${today}T12:00:00Z`).toLocaleDateString('en-US', { dateStyle: 'medium' })
    await expect(card(page).getByText(shown, { exact: true })).toBeVisible()
    const { job } = await server.api<{ job: { startDate: string; endDate: string } }>('sync/status')
    expect(job).toMatchObject({ startDate: today, endDate: today })
  })
})
