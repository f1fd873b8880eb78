import { http, HttpResponse } from 'msw'
import { OidcClient } from 'oidc-client-ts'
import { beforeEach, expect, it } from 'vitest'

import { server } from '@/test/server'

import { oidcSettings } from './oidc-session'

const ISSUER = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_pool'
const SIGN_IN = 'https://garmin-sync.auth.eu-central-1.amazoncognito.com'

const config = { kind: 'oidc', issuer: ISSUER, clientId: 'page', scope: 'openid email' } as const

// As Cognito describes itself: people sign in at another origin than the issuer's.
beforeEach(() =>
  server.use(
    http.get(`${ISSUER}/.well-known/openid-configuration`, () =>
      HttpResponse.json({
        issuer: ISSUER,
        authorization_endpoint: `${SIGN_IN}/oauth2/authorize`,
        token_endpoint: `${SIGN_IN}/oauth2/token`,
        end_session_endpoint: `${SIGN_IN}/logout`,
        jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      }),
    ),
  ),
)

async function whereToSignIn(settings: ReturnType<typeof oidcSettings>) {
  return new URL((await new OidcClient(settings).createSigninRequest({})).url)
}

it('sends people to where the issuer says, for a code that only this page can redeem', async () => {
  const url = await whereToSignIn(oidcSettings(config))
  expect(url.origin + url.pathname).toBe(`${SIGN_IN}/oauth2/authorize`)
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    client_id: 'page',
    redirect_uri: `${location.origin}/`,
    response_type: 'code',
    scope: 'openid email',
    code_challenge_method: 'S256',
  })
  expect(url.searchParams.has('audience')).toBe(false)
})

it('names the audience and asks for the scope that the configuration has', async () => {
  const url = await whereToSignIn(oidcSettings({ ...config, scope: 'openid offline_access', audience: 'garmin-sync' }))
  expect(url.searchParams.get('audience')).toBe('garmin-sync')
  expect(url.searchParams.get('scope')).toBe('openid offline_access')
})
