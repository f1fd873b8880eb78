import { useSyncExternalStore } from 'react'

export const ROUTES = ['settings', 'history'] as const
export type Route = (typeof ROUTES)[number]

/** Routes stand in the fragment: any file server serves the page, and none has to answer paths that are no files. */
export const hrefOf = (route: Route) => `#/${route}`

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, currentRoute)
}

function currentRoute(): Route {
  return ROUTES.find((route) => location.hash === hrefOf(route)) ?? 'settings'
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}
