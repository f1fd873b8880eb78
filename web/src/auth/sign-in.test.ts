import { http, HttpResponse, type JsonBodyType } from 'msw'
import { beforeEach, describe, expect, it } from 'vitest'

import { server } from '@/test/server'

import { readAuthConfig } from './config'
import { findSignIn } from './sign-in'

const config = (auth: JsonBodyType) => server.use(http.get('*/config.json', () => HttpResponse.json({ auth })))

beforeEach(() => history.replaceState(null, '', '/'))

describe('on one’s own machine', () => {
  beforeEach(() => config({ kind: 'token' }))

  it('takes the token out of the address and keeps it for this tab', async () => {
    history.replaceState(null, '', '/#token=abc.def')
    const signIn = await findSignIn()
    expect(location.href).not.toContain('abc')
    expect(signIn.state === 'signed-in' && (await signIn.session.token())).toBe('abc.def')
    expect(localStorage.length).toBe(0)
    expect((await findSignIn()).state).toBe('signed-in')
  })

  it('asks for a token where there is none, or the one it had is no longer taken', async () => {
    const signIn = await findSignIn()
    expect(signIn.state).toBe('needs-token')
    expect(signIn.state === 'needs-token' && signIn.useToken('abc').state).toBe('signed-in')
    expect((await findSignIn({ forget: true })).state).toBe('needs-token')
    expect(sessionStorage.length).toBe(0)
  })
})

it('in the cloud it sends nobody away by itself', async () => {
  config({ kind: 'oidc', issuer: 'https://issuer.example.org', clientId: 'page', scope: 'openid' })
  expect((await findSignIn()).state).toBe('needs-sign-in')
  config({ kind: 'none' })
  expect((await findSignIn()).state).toBe('no-sign-in')
})

it('a configuration that is not understood is an error, never somebody else’s sign-in', () => {
  const oidc = { kind: 'oidc', issuer: 'x', clientId: 'y', scope: 'z' }
  for (const auth of [{}, { kind: 'magic' }, { kind: 'oidc', issuer: 'x' }, { ...oidc, audience: 1 }]) {
    expect(() => readAuthConfig({ auth })).toThrow()
  }
  for (const wrong of [null, {}]) expect(() => readAuthConfig(wrong)).toThrow()
  expect(readAuthConfig({ auth: oidc })).toEqual(oidc)
  expect(readAuthConfig({ auth: { ...oidc, audience: 'api' } })).toEqual({ ...oidc, audience: 'api' })
})
