import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  timeout: 240_000,
  // Long enough for a machine that builds something else meanwhile; a quiet one never waits.
  expect: { timeout: 60_000 },
  fullyParallel: true,
  // Each test has a server and a browser context of its own.
  workers: 2,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: 'list',
  use: {
    // Debian's, or any other: none is downloaded.
    launchOptions: {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
    viewport: { width: 1100, height: 900 },
    locale: 'en-US',
    timezoneId: 'Europe/Berlin',
    // What fades in has too little contrast half way; whoever asks for less motion sees the same page at once.
    contextOptions: { reducedMotion: 'reduce' },
    trace: 'retain-on-failure',
  },
})
