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

const LOOKS = [
  { look: 'light', colorScheme: 'light', language: 'en', viewport: { width: 1100, height: 900 } },
  { look: 'dark-phone-german', colorScheme: 'dark', language: 'de', viewport: { width: 360, height: 740 } },
] as const

/**
 * Looks at a state in two ways, between which there are both of each: light and dark, wide and narrow, English and German.
 * Each leaves a picture for people, nothing in it keeps out a keyboard or a screen reader, and nothing is wider than the screen.
 */
export async function lookAt(page: Page, state: string): Promise<void> {
  const before = page.viewportSize()
  const focused = await page.evaluateHandle(() => document.activeElement as HTMLElement | null)
  for (const { look, colorScheme, language, viewport } of LOOKS) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize(viewport)
    await speak(page, language)
    await expectAccessible(page)
    expect(await page.evaluate(() => document.documentElement.scrollWidth), `${state}, ${look}`).toBe(viewport.width)
    await picture(page, `${state}-${look}`)
  }
  await page.emulateMedia({ colorScheme: null })
  if (before !== null) await page.setViewportSize(before)
  await speak(page, 'en')
  await focused.evaluate((element) => element?.focus())
}

/** For people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.evaluate(() => scrollTo(0, 0))
  // What lies over the page covers the screen, not all that could be scrolled to.
  const fullPage = (await page.getByRole('dialog').or(page.getByRole('alertdialog')).count()) === 0
  await page.screenshot({ path: `screenshots/${name}.png`, fullPage, animations: 'disabled' })
}

async function speak(page: Page, language: string): Promise<void> {
  // By its place and not by its role: behind an open dialog it has none.
  await page.locator('header select').selectOption(language)
  await expect(page.locator('html')).toHaveAttribute('lang', language)
}

/**
 * Nothing that keeps somebody from using the page with a keyboard or a screen reader. A poll may change the page while it is being looked at,
 * and half of each of two states is none: only what is still there at the next look counts.
 */
async function expectAccessible(page: Page): Promise<void> {
  await expect(async () => {
    const { violations } = await new AxeBuilder({ page }).analyze()
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([])
  }).toPass({ timeout: 30_000 })
}

export const dayAfter = (day: string, days: number) =>
  new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10)

export const card = (page: Page) => page.getByTestId('progress-card')

/** Starts an import of the last `chunks` times thirty days. */
export async function startImport(page: Page, chunks: number): Promise<void> {
  await page.getByRole('button', { name: 'Historical Import' }).click()
  const dialog = page.getByRole('dialog')
  const end = await dialog.getByLabel('End Date').inputValue()
  const start = dayAfter(end, 1 - chunks * 30)
  await dialog.getByLabel('Start Date').fill(start)
  await expect(dialog.getByTestId('estimate')).toContainText(`${chunks * 30} days`)
  await dialog.getByRole('button', { name: 'Start Import' }).click()
  await expect(dialog).toBeHidden()
}

/** Until something has become of an import; how long that takes is the machine's matter. */
export async function expectStatus(page: Page, status: 'completed' | 'failed' | 'paused'): Promise<void> {
  await expect(card(page)).toHaveAttribute('data-status', status, { timeout: 120_000 })
}

export async function expectComplete(page: Page): Promise<void> {
  await expectStatus(page, 'completed')
  await expect(card(page).getByText('Sync complete', { exact: true })).toBeVisible()
}

export async function percentOf(page: Page): Promise<number> {
  return Number(await card(page).getByRole('progressbar').getAttribute('aria-valuenow'))
}
