import { card, expect, expectComplete, lookAt, startImport, test } from './fixtures'

test('somebody links by email, password and code, imports, unlinks and erases', async ({ page, server }) => {
  await page.goto(server.address('ann'))
  await expect(page.getByText('Not linked')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Sync', exact: true })).toBeDisabled()
  await lookAt(page, 'not-linked')

  await page.getByLabel('Email').fill('nobody@example.test')
  await page.getByLabel('Password').fill('whatever')
  await page.getByLabel('Password').press('Enter')
  await expect(page.getByText('Garmin does not accept this email and password.')).toBeVisible()
  await lookAt(page, 'wrong-credentials')

  await page.getByLabel('Email').fill('mfa@example.test')
  await page.getByLabel('Password').press('Enter')
  const code = page.getByLabel('Code')
  await expect(code).toBeFocused()
  await page.keyboard.type('000000')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Garmin does not accept this code. Please try again.')).toBeVisible()
  await lookAt(page, 'wrong-code')
  await code.fill('123456')
  await page.keyboard.press('Enter')
  await expect(page.getByText('Linked', { exact: true })).toBeVisible()
  await expect(page.getByText('Garmin is linked')).toBeVisible()
  await lookAt(page, 'linked')

  await startImport(page, 2)
  await expectComplete(page)

  await page.getByRole('button', { name: 'Unlink' }).click()
  const dialog = page.getByRole('alertdialog')
  await dialog.getByRole('checkbox', { name: 'Also erase everything that was imported' }).check()
  await lookAt(page, 'unlink')
  await dialog.getByRole('button', { name: 'Unlink and erase' }).click()
  await expect(page.getByText('Not linked')).toBeVisible()
})

test.describe('while an import runs', () => {
  test.use({ latencyMs: 25 })

  test('a Garmin that wants a new sign-in gets one, and the import goes on by itself', async ({
    settings: page,
    server,
  }) => {
    await startImport(page, 6)
    await expect(card(page)).toHaveAttribute('data-status', 'running')
    await server.revoke()
    await expect(card(page).getByText('Garmin wants you to sign in again. Goes on by itself after that.')).toBeVisible()
    await expect(page.getByText('Sign-in needed')).toBeVisible()
    await lookAt(page, 'sign-in-needed')
    await page.getByRole('button', { name: 'Sign in again' }).click()
    await page.getByLabel('Email').fill('demo@example.test')
    await page.getByLabel('Password').fill('whatever')
    await page.getByLabel('Password').press('Enter')
    await expect(page.getByText('Garmin is linked')).toBeVisible()
    await expectComplete(page)
  })
})
