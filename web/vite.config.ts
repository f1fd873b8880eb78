import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

/** Where `garmin-sync serve` listens, for `npm run dev`. */
const SERVE = process.env['GARMIN_SYNC'] ?? 'http://127.0.0.1:3000'

/**
 * Sonner writes its styles into a `<style>` element, which the content security policy refuses. They are imported from its
 * `styles.css` instead, and the call is taken out here.
 */
function sonnerWithoutInlineStyles(): Plugin {
  return {
    name: 'sonner-without-inline-styles',
    apply: 'build',
    transform(code, id) {
      if (!id.includes('/sonner/dist/index.mjs')) return null
      const without = code.replace(/^__insertCSS\(".*"\);?$/m, '')
      if (without === code) this.error('sonner no longer inserts its styles in the way that is taken out here')
      return { code: without, map: null }
    },
  }
}

export default defineConfig({
  plugins: [react(), tailwindcss(), sonnerWithoutInlineStyles()],
  resolve: { alias: { '@': fileURLToPath(new URL('src', import.meta.url)) } },
  build: {
    manifest: 'asset-manifest.json',
    // No file becomes a data: URL; the policy would have to allow it.
    assetsInlineLimit: 0,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/integrations': SERVE, '/config.json': SERVE },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test/setup.ts'],
    env: { TZ: 'Europe/Berlin' },
    restoreMocks: true,
    // A busy machine is no failure.
    testTimeout: 30_000,
  },
})
