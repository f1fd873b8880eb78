import type { Session } from './session'

const KEY = 'garmin-sync.token'

/**
 * The sign-in of one's own machine. `garmin-sync serve` prints an address with `#token=…`: a fragment reaches no server and no
 * log. The page takes it out of the address at once, and keeps it for this tab alone: a page that another program serves on the
 * same port later finds nothing.
 */
export function takeTokenFromAddress(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token === null) return
  keepToken(token)
  history.replaceState(null, '', location.pathname)
}

export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token)
}

export function tokenSession(): Session | null {
  if (sessionStorage.getItem(KEY) === null) return null
  return {
    token: () => Promise.resolve(sessionStorage.getItem(KEY)),
    signOut: () => {
      sessionStorage.removeItem(KEY)
      return Promise.resolve()
    },
  }
}
