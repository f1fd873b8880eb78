import '@testing-library/jest-dom/vitest'

import { cleanup, configure } from '@testing-library/react'
import { toast } from 'sonner'
import { afterAll, afterEach, beforeAll } from 'vitest'

import { startI18n } from '@/i18n/i18n'

import { server } from './server'

// What jsdom has not got and the components need.
const nothing = () => undefined
globalThis.ResizeObserver = class {
  observe = nothing
  unobserve = nothing
  disconnect = nothing
}
globalThis.matchMedia = (query) =>
  ({
    matches: false,
    media: query,
    addEventListener: nothing,
    removeEventListener: nothing,
  }) as unknown as MediaQueryList
Element.prototype.scrollIntoView = nothing
Element.prototype.hasPointerCapture = () => false

// A busy machine is no failure.
configure({ asyncUtilTimeout: 15_000 })

await startI18n()
// A request that no test expects is a mistake in the page.
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => {
  toast.dismiss()
  cleanup()
  server.resetHandlers()
  localStorage.clear()
  sessionStorage.clear()
})
afterAll(() => server.close())
