import { UserManager, type UserManagerSettings, WebStorageStateStore } from 'oidc-client-ts'

import type { AuthConfig } from './config'
import type { Session } from './session'

type OidcConfig = Extract<AuthConfig, { kind: 'oidc' }>

export interface OidcSignIn {
  /** The session of somebody who is signed in, or has just come back from signing in; else null. */
  session: () => Promise<Session | null>
  /** Forgets a session that the API no longer takes. */
  forget: () => Promise<void>
  /** Leaves the page for the issuer's sign-in. */
  signIn: () => Promise<void>
}

export function oidcSettings({ issuer, clientId, scope, audience }: OidcConfig): UserManagerSettings {
  const here = `${location.origin}/`
  return {
    authority: issuer,
    client_id: clientId,
    scope,
    extraQueryParams: audience === undefined ? {} : { audience },
    redirect_uri: here,
    post_logout_redirect_uri: here,
    // For this tab: a shared computer's next person opens the page signed out.
    userStore: new WebStorageStateStore({ store: sessionStorage }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    // The refresh token does it when a token is asked for; no timer, no hidden frame.
    automaticSilentRenew: false,
    monitorSession: false,
  }
}

/** Authorization code with PKCE: no password passes through this page, and a stolen code is worth nothing. */
export function oidcSignIn(config: OidcConfig): OidcSignIn {
  const manager = new UserManager(oidcSettings(config))

  async function validUser() {
    const user = await manager.getUser()
    if (user?.expired !== true) return user
    return user.refresh_token === undefined ? null : manager.signinSilent().catch(() => null)
  }

  const session: Session = {
    token: async () => (await validUser())?.access_token ?? null,
    signOut: () =>
      manager
        .signoutRedirect({
          // Cognito wants these two instead of the standard's names; other issuers ignore them.
          extraQueryParams: { client_id: config.clientId, logout_uri: `${location.origin}/` },
        })
        // An issuer without a sign-out of its own: this page has forgotten the session all the same.
        .catch(() => undefined),
  }

  return {
    session: async () => {
      const parameters = new URLSearchParams(location.search)
      if (parameters.has('state') && (parameters.has('code') || parameters.has('error'))) {
        // Taken out of the address whatever comes of it: a code is good once.
        const address = location.href
        history.replaceState(null, '', location.pathname)
        await manager.signinRedirectCallback(address)
      }
      return (await validUser()) === null ? null : session
    },
    forget: () => manager.removeUser(),
    signIn: () => manager.signinRedirect(),
  }
}
