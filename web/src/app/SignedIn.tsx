import { QueryClientProvider, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { createApi } from '@/api/api'
import { ApiContext } from '@/api/api-context'
import type { Session } from '@/auth/session'
import { useJobChanges } from '@/sync/use-job-changes'

import { ErrorBoundary } from './ErrorBoundary'
import { Header } from './Header'
import { createQueryClient, refresh } from './queries'
import { useRoute } from './route'
import { SettingsPage } from './SettingsPage'
import { onChangeElsewhere } from './tabs'
import { UnreachableNotice } from './UnreachableNotice'

// Charts are large, and most visits are to the settings.
const HistoryPage = lazy(() => import('@/history/HistoryPage'))

export function SignedIn({ session, onExpired }: { session: Session; onExpired: () => void }) {
  const [client] = useState(createQueryClient)
  const [api] = useState(() => createApi(session, onExpired))
  const signOut = () => {
    // What another person must not find here. Signing out may leave the page for the issuer's.
    client.clear()
    void session.signOut().then(onExpired)
  }
  return (
    <QueryClientProvider client={client}>
      <ApiContext value={api}>
        <Pages onSignOut={signOut} />
      </ApiContext>
    </QueryClientProvider>
  )
}

function Pages({ onSignOut }: { onSignOut: () => void }) {
  const { t } = useTranslation()
  const route = useRoute()
  const client = useQueryClient()
  useEffect(() => onChangeElsewhere((change) => void refresh(client, change)), [client])
  useJobChanges()
  return (
    <>
      <Header route={route} onSignOut={onSignOut} />
      <main id="main" tabIndex={-1} className="mx-auto grid max-w-4xl gap-6 px-4 py-6 outline-none">
        <UnreachableNotice />
        <ErrorBoundary key={route}>
          {route === 'settings' ? (
            <SettingsPage />
          ) : (
            <Suspense fallback={<p className="text-muted-foreground">{t('app.loading')}</p>}>
              <HistoryPage />
            </Suspense>
          )}
        </ErrorBoundary>
      </main>
    </>
  )
}
