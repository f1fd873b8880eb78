import { AxeBuilder } from '@axe-core/playwright'
import { type BrowserContext, expect, type Page, test as base } from '@playwright/test'

import { Server } from './server'

interface Fixtures {
  /** How long each answer of Garmin takes: what makes an import long enough to be looked at. */
  latencyMs: number
  server: Server
  /** The settings page, signed in as the demo user, whose account is linked. */
  settings: Page
}

export const test = base.extend<Fixtures>({
  latencyMs: [0, { option: true }],
  server: async ({ latencyMs }, use) => {
    const server = await Server.start(latencyMs)
    await use(server)
    await server.stop()
  },
  settings: async ({ page, server, context }, use) => {
    const complaints = watch(context, server.url)
    await page.goto(server.address())
    await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible()
    await use(page)
    expect(complaints()).toEqual([])
  },
})

export { expect } from '@playwright/test'

/** What no test may see: a request to another origin, a breach of the content security policy, an error in a script. */
export function watch(context: BrowserContext, origin: string): () => string[] {
  const complaints: string[] = []
  context.on('request', (request) => {
    const url = new URL(request.url())
    if (url.origin !== origin && url.protocol !== 'blob:') complaints.push(`a request to ${url.origin}`)
  })
  context.on('console', (message) => {
    if (/content security policy/i.test(message.text())) complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(error.error().message))
  return () => complaints
}

/** For people to look at: one picture per state. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.evaluate(() => scrollTo(0, 0))
  await page.screenshot({ path: `screenshots/${name}.png`, fullPage: true, animations: 'disabled' })
}

/** Nothing that keeps somebody from using the page with a keyboard or a screen reader. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}

export const card = (page: Page) => page.getByTestId('progress-card')

/** Starts an import of the last `chunks` times thirty days. */
export async function startImport(page: Page, chunks: number): Promise<void> {
  await page.getByRole('button', { name: 'Historical Import' }).click()
  const dialog = page.getByRole('dialog')
  const end = await dialog.getByLabel('End Date').inputValue()
  const start = new Date(Date.parse(end) - (chunks * 30 - 1) * 86_400_000).toISOString().slice(0, 10)
  await dialog.getByLabel('Start Date').fill(start)
  await expect(dialog.getByTestId('estimate')).toContainText(`${chunks * 30} days`)
  await dialog.getByRole('button', { name: 'Start Import' }).click()
  await expect(dialog).toBeHidden()
}

/** Until an import has come to its end; how long that takes is the machine's matter. */
export async function expectComplete(page: Page): Promise<void> {
  await expect(card(page)).toHaveAttribute('data-status', 'completed', { timeout: 120_000 })
  await expect(card(page).getByText('Sync complete', { exact: true })).toBeVisible()
}

export async function percentOf(page: Page): Promise<number> {
  return Number(await card(page).getByRole('progressbar').getAttribute('aria-valuenow'))
}
