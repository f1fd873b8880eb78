import { expect, lookAt, test, watch } from './fixtures'

test('the token is in no request’s address, and out of the page’s at once', async ({ page, server, context }) => {
  const address = server.address()
  const token = address.split('#token=')[1] ?? ''
  expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  const complaints = watch(context, server.url)
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await page.goto(address)
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible()
  expect(page.url()).toBe(`${server.url}/`)
  // Chromium tells Playwright of the document with its fragment; it sends it without.
  expect(asked.slice(1).filter((url) => url.includes(token))).toEqual([])
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible()
  expect(complaints()).toEqual([])
})

test('without a token, or with one that is no good, it says how to get one', async ({ page, server }) => {
  await page.goto(server.url)
  await expect(page.getByText('garmin-sync token --user demo')).toBeVisible()
  await lookAt(page, 'sign-in')
  await page.getByLabel('Token').fill('not.a.token')
  await page.getByRole('button', { name: 'Use this token' }).click()
  await expect(page.getByText('garmin-sync token --user demo')).toBeVisible()
  await page.getByLabel('Token').fill(server.address().split('#token=')[1] ?? '')
  await page.getByRole('button', { name: 'Use this token' }).click()
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
})

test('every answer has the headers that keep others out', async ({ request, server }) => {
  for (const path of ['/', '/config.json', '/nothing', '/integrations/garmin/sync/status']) {
    const headers = (await request.get(server.url + path)).headers()
    expect(headers['content-security-policy'], path).toContain("default-src 'none'")
    expect(headers['content-security-policy'], path).toContain("frame-ancestors 'none'")
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
  }
})
