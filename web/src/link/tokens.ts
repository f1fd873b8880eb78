import type { GarminTokens } from '@/api/types'

const FIELDS = ['di_token', 'di_refresh_token', 'di_client_id'] as const satisfies readonly (keyof GarminTokens)[]

export type ReadTokens =
  { tokens: GarminTokens } | { problem: 'notJson' } | { problem: 'missing'; field: keyof GarminTokens }

/** The JSON that python-garminconnect writes; what else stands in it is left out. */
export function readTokens(text: string): ReadTokens {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { problem: 'notJson' }
  }
  if (typeof json !== 'object' || json === null) return { problem: 'notJson' }
  const tokens: GarminTokens = { di_token: '', di_refresh_token: '', di_client_id: '' }
  for (const field of FIELDS) {
    const value: unknown = Reflect.get(json, field)
    if (typeof value !== 'string' || value === '') return { problem: 'missing', field }
    tokens[field] = value
  }
  return { tokens }
}
