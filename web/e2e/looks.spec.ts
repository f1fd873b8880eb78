import { card, expect, expectComplete, lookAt, picture, startImport, test } from './fixtures'

test('the dialog with everything in it open', async ({ settings: page }) => {
  await page.getByRole('button', { name: 'Historical Import' }).click()
  await page.getByText('Data: All data').click()
  await page.getByLabel('Start Date').fill('1999-12-31')
  await page.getByRole('button', { name: 'Choose none' }).click()
  await lookAt(page, 'dialog-open')
})

test('whoever chooses dark keeps it, and so does whoever chooses light', async ({ settings: page }) => {
  const theme = page.locator('html')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.getByRole('button', { name: 'Switch to dark mode' }).click()
  await expect(theme).toHaveAttribute('data-theme', 'dark')
  await page.reload()
  await expect(theme).toHaveAttribute('data-theme', 'dark')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.getByRole('button', { name: 'Switch to light mode' }).click()
  await page.reload()
  await expect(theme).toHaveAttribute('data-theme', 'light')
})

test('everything can be done with the keyboard', async ({ settings: page }) => {
  await page.keyboard.press('Tab')
  await expect(page.getByText('Skip to content')).toBeFocused()
  const open = page.getByRole('button', { name: 'Historical Import' })
  for (let tabs = 0; tabs < 20 && !(await open.evaluate((button) => button === document.activeElement)); tabs++) {
    await page.keyboard.press('Tab')
  }
  await expect(open).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(open).toBeFocused()
  await page.keyboard.press('Enter')
  await page.getByLabel('End Date').focus()
  // Enter in a field sends the form.
  await page.keyboard.press('Enter')
  await expect(card(page)).toBeVisible()
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })

  test('nothing is wider than the screen', async ({ settings: page }) => {
    await startImport(page, 2)
    await expectComplete(page)
    await picture(page, 'phone')
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    await page.getByRole('button', { name: 'Historical Import' }).click()
    await picture(page, 'phone-dialog')
  })
})

test.describe('for a German', () => {
  test.use({ locale: 'de-DE' })

  test('it speaks German, with German dates and numbers', async ({ page, server }) => {
    await page.goto(server.address())
    await expect(page.getByRole('heading', { name: 'Einstellungen' })).toBeVisible()
    await page.getByRole('button', { name: 'Verlauf importieren' }).click()
    await expect(page.getByTestId('estimate')).toHaveText(/^36[67] Tage \(13 Abschnitte\) – ungefähr \d+ Minuten?$/)
    await page.getByLabel('Von').fill(await page.getByLabel('Bis').inputValue())
    await page.getByRole('button', { name: 'Import starten' }).click()
    await expect(card(page).getByText('Alles importiert', { exact: true })).toBeVisible({ timeout: 120_000 })
    await expect(card(page).getByText(/^\d{2}\.\d{2}\.\d{4}$/)).toBeVisible()
    await expect(card(page).getByText('100 %', { exact: true })).toBeVisible()
    await picture(page, 'german')
    await page.getByLabel('Sprache').selectOption('English')
    await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible()
    await expect(page.locator('html')).toHaveAttribute('lang', 'en')
  })
})
