import { fetchAuthConfig } from './config'
import type { Session } from './session'
import { keepToken, takeTokenFromAddress, tokenSession } from './token-session'

/** Whether the page knows for whom it acts, and what a person can do when it does not. */
export type SignIn =
  | { state: 'loading' }
  | { state: 'failed' }
  | { state: 'signed-in'; session: Session }
  | { state: 'needs-token'; useToken: (token: string) => SignIn }
  | { state: 'needs-sign-in'; signIn: () => Promise<void> }
  | { state: 'no-sign-in' }

/** Finds out who the page acts for. With `forget`, without what it knew: the API no longer takes it. */
export async function findSignIn({ forget = false } = {}): Promise<SignIn> {
  takeTokenFromAddress()
  const config = await fetchAuthConfig()
  switch (config.kind) {
    case 'none':
      return { state: 'no-sign-in' }
    case 'token':
      if (forget) await tokenSession()?.signOut()
      return signInByToken()
    case 'oidc': {
      // Only a deployment with an issuer pays for the library.
      const { oidcSignIn } = await import('./oidc-session')
      const oidc = oidcSignIn(config)
      if (forget) await oidc.forget()
      const session = await oidc.session()
      return session === null ? { state: 'needs-sign-in', signIn: oidc.signIn } : { state: 'signed-in', session }
    }
  }
}

function signInByToken(): SignIn {
  const session = tokenSession()
  if (session !== null) return { state: 'signed-in', session }
  return {
    state: 'needs-token',
    useToken: (token) => {
      keepToken(token)
      return signInByToken()
    },
  }
}
