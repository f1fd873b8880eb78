import { expect, it } from 'vitest'

import { readTokens } from './tokens'

const TOKENS = { di_token: 'a', di_refresh_token: 'b', di_client_id: 'c' }

it('reads what python-garminconnect writes and leaves out the rest', () => {
  expect(readTokens(JSON.stringify({ ...TOKENS, other: 1 }))).toEqual({ tokens: TOKENS })
})

it('names what is missing', () => {
  expect(readTokens('{')).toEqual({ problem: 'notJson' })
  expect(readTokens('null')).toEqual({ problem: 'notJson' })
  expect(readTokens(JSON.stringify({ ...TOKENS, di_refresh_token: '' }))).toEqual({
    problem: 'missing',
    field: 'di_refresh_token',
  })
})
