import { useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { findSignIn, type SignIn } from '@/auth/sign-in'
import { Toaster } from '@/components/ui/sonner'

import { SignedIn } from './SignedIn'
import { SignInPage } from './SignInPage'
import { useTheme } from './theme'

export function App() {
  const { t } = useTranslation()
  const theme = useTheme()
  const [signIn, setSignIn] = useState<SignIn>({ state: 'loading' })

  const find = useCallback((forget: boolean) => {
    findSignIn({ forget }).then(setSignIn, () => setSignIn({ state: 'failed' }))
  }, [])
  const expired = useCallback(() => find(true), [find])

  useEffect(() => {
    find(false)
    // The address that `serve` printed may be opened in a tab that shows the page already: only the fragment changes then.
    const addressed = () => {
      if (location.hash.startsWith('#token=')) location.reload()
    }
    addEventListener('hashchange', addressed)
    return () => removeEventListener('hashchange', addressed)
  }, [find])

  return (
    <>
      {signIn.state === 'loading' && <p className="p-6 text-muted-foreground">{t('app.loading')}</p>}
      {signIn.state === 'signed-in' && <SignedIn session={signIn.session} onExpired={expired} />}
      {signIn.state !== 'loading' && signIn.state !== 'signed-in' && (
        <SignInPage signIn={signIn} onChange={setSignIn} />
      )}
      <Toaster theme={theme} containerAriaLabel={t('app.notifications')} closeButton />
    </>
  )
}
