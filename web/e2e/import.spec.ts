import { card, dayAfter, expect, expectComplete, expectStatus, lookAt, percentOf, startImport, test } from './fixtures'

test.describe('an import that takes a while', () => {
  test.use({ latencyMs: 25 })

  test('goes from the dialog to 100 %, over a reload, and its result stays until it is dismissed', async ({
    settings: page,
  }) => {
    await page.getByRole('button', { name: 'Historical Import' }).click()
    await page.getByRole('button', { name: 'Last Year' }).click()
    await expect(page.getByTestId('estimate')).toHaveText(/^36[67] days \(13 chunks\) - approximately \d+ minutes?$/)
    await lookAt(page, 'dialog')
    await page.keyboard.press('Escape')
    await startImport(page, 4)
    await expect(page.getByText('Historical Import Started')).toBeVisible()
    await expect(page.getByText(/^Importing 4 chunks \(est\. \d+ min\)$/)).toBeVisible()
    await expect(card(page)).toHaveAttribute('data-status', 'running')
    await expect(card(page).getByText(/^Syncing [A-Z][a-z]{2} \d{4}.*\.\.\.$/)).toBeVisible()
    await expect.poll(() => percentOf(page)).toBeGreaterThan(0)
    await lookAt(page, 'running')

    const before = await percentOf(page)
    await page.reload()
    await expect(card(page)).toBeVisible()
    expect(await percentOf(page)).toBeGreaterThanOrEqual(before)

    await expectComplete(page)
    await expect(card(page).getByText('100%', { exact: true })).toBeVisible()
    await expect(card(page).getByText('4 / 4 chunks', { exact: true })).toBeVisible()
    await lookAt(page, 'completed')

    await page.reload()
    await expect(card(page).getByText('Sync complete', { exact: true })).toBeVisible()
    await card(page).getByRole('button', { name: 'Dismiss' }).click()
    await expect(card(page)).toBeHidden()
    await page.reload()
    await expect(page.getByText('4 / 4 chunks')).toBeVisible()
    await expect(card(page)).toBeHidden()
  })

  test('shows in another tab by itself, and can be cancelled there', async ({ settings: page, context, server }) => {
    const other = await context.newPage()
    await other.goto(server.address())
    await expect(other.getByText('Nothing has been imported yet.')).toBeVisible()
    await startImport(page, 60)
    await expect(card(other)).toHaveAttribute('data-status', /pending|running/)
    await expect(other.getByRole('button', { name: 'Sync', exact: true })).toBeDisabled()
    await card(other).getByRole('button', { name: 'Cancel' }).click()
    await expect(other.getByText('Sync Cancelled')).toBeVisible()
    await expect(card(page).getByText('Cancelled', { exact: true })).toBeVisible()
    await lookAt(page, 'cancelled')
  })

  test('is paused and goes on', async ({ settings: page }) => {
    await startImport(page, 4)
    await card(page).getByRole('button', { name: 'Pause' }).click()
    await expect(card(page).getByText('Stays paused until you resume it.')).toBeVisible()
    await lookAt(page, 'paused')
    // The same button, so the keyboard is still on it.
    await expect(card(page).getByRole('button', { name: 'Resume' })).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(page.getByText('Sync Resumed')).toBeVisible()
    await expectComplete(page)
  })

  test('is still right after the network was away, with one notice meanwhile', async ({ settings: page, context }) => {
    await startImport(page, 4)
    // Also loads the German that the notice is looked at in.
    await lookAt(page, 'pending-or-running')
    await context.setOffline(true)
    const notice = page.getByText('The server cannot be reached')
    await expect(notice).toBeVisible()
    await expect(page.locator('[data-sonner-toast]').filter({ hasText: 'cannot be reached' })).toHaveCount(0)
    await lookAt(page, 'offline')
    await context.setOffline(false)
    await expect(notice).toBeHidden()
    await expectComplete(page)
  })
})

test('a sync of the last days, and a second one that finds nothing to do', async ({ settings: page }) => {
  const sync = page.getByRole('button', { name: 'Sync', exact: true })
  await sync.click()
  await expect(page.getByText('Sync Started')).toBeVisible()
  await expect(page.getByText(/^Syncing from \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d$/)).toBeVisible()
  await expect(card(page).getByText('Sync complete', { exact: true })).toBeVisible()
  await sync.click()
  await expect(page.getByText('Your data is already up to date.')).toBeVisible()
})

test('a failure is readable, and resuming does what was left', async ({ settings: page, server }) => {
  const month = dayAfter(new Date().toISOString().slice(0, 10), -50)
  await server.faults([{ fault: { kind: 'wrong_shape' }, matcher: { days: { from: month, to: month } } }])
  await startImport(page, 4)
  await expectStatus(page, 'failed')
  await expect(card(page).getByText('1 of 4 chunks failed', { exact: true })).toBeVisible()
  await expect(card(page).getByText('1 chunk failed - will retry on resume')).toBeVisible()
  await card(page).getByText('Failed chunks').click()
  await lookAt(page, 'failed')
  await page.getByRole('link', { name: 'What arrived' }).click()
  await expect(page.getByText(/, Failed \d+(,|$)/).first()).toBeVisible()
  await page.getByRole('link', { name: 'Settings' }).click()
  await server.faults([])
  await card(page).getByRole('button', { name: 'Resume' }).click()
  await expectComplete(page)
  await expect(card(page).getByText('1 chunk failed')).toBeHidden()
})

test('a Garmin that asks for a break is waited for, with the time at which it goes on', async ({
  settings: page,
  server,
}) => {
  await server.faults([{ fault: { kind: 'too_many_requests', retry_after_seconds: 60 }, matcher: { from_call: 30 } }])
  await startImport(page, 4)
  await expectStatus(page, 'paused')
  const { job } = await server.api<{ job: { pauseReason: string; retryAt: string } }>('sync/status')
  expect(job.pauseReason).toBe('throttled')
  const goesOn = new Date(job.retryAt).toLocaleTimeString('en-US', { timeZone: 'Europe/Berlin', timeStyle: 'short' })
  const waiting = card(page).getByText(/^Garmin asks for a break\. Goes on by itself at .*\.$/)
  await expect(waiting).toHaveText(new RegExp(goesOn.replace(/\s/, '\\s')))
  await expect(card(page).getByRole('button', { name: 'Resume' })).toBeVisible()
  await lookAt(page, 'throttled')
})

test('a server that answers 503 is one quiet notice too', async ({ settings: page }) => {
  await lookAt(page, 'nothing-yet')
  await page.route('**/sync/status', (route) =>
    route.fulfill({ status: 503, body: '{"error":"away","code":"unavailable"}' }),
  )
  const notice = page.getByText('The server cannot be reached')
  await expect(notice).toHaveCount(1)
  await lookAt(page, 'server-away')
  await page.unroute('**/sync/status')
  await expect(notice).toBeHidden()
})
