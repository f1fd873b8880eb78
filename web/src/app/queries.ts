import { QueryClient } from '@tanstack/react-query'

import type { Change } from './tabs'

/** The first part of every query's key. */
export const KEYS = {
  syncStatus: 'sync-status',
  jobs: 'jobs',
  linkStatus: 'link-status',
  estimate: 'estimate',
  history: 'history',
} as const

const TOUCHED_BY: Record<Change, readonly (keyof typeof KEYS)[]> = {
  sync: ['syncStatus', 'jobs', 'linkStatus', 'history'],
  link: ['linkStatus', 'syncStatus', 'jobs', 'history'],
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      // What polls asks again by itself, and what a person waits for says so and offers to.
      queries: { retry: false, networkMode: 'always' },
      // A click that cannot reach the server says so now, instead of taking effect when somebody is back online.
      mutations: { retry: false, networkMode: 'always' },
    },
  })
}

/** Looks again at everything that a change may have touched. */
export async function refresh(client: QueryClient, change: Change): Promise<void> {
  await Promise.all(TOUCHED_BY[change].map((name) => client.invalidateQueries({ queryKey: [KEYS[name]] })))
}
