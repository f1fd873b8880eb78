import { type SubmitEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

import type { SignIn } from '@/auth/sign-in'
import { Field } from '@/components/field'
import { focusFirstInvalid } from '@/components/focus-first-invalid'
import { Button } from '@/components/ui/button'
import { Card, CardDescription } from '@/components/ui/card'
import { Input } from '@/components/ui/input'

import { Header } from './Header'
import { PageTitle } from './PageTitle'

type NotSignedIn = Exclude<SignIn, { state: 'signed-in' } | { state: 'loading' }>

export function SignInPage({ signIn, onChange }: { signIn: NotSignedIn; onChange: (signIn: SignIn) => void }) {
  const { t } = useTranslation()
  return (
    <>
      <Header route={null} />
      <main className="mx-auto grid max-w-lg gap-6 px-4 py-10">
        <PageTitle title={t('signIn.title')} />
        <Card>
          <Ways signIn={signIn} onChange={onChange} />
        </Card>
      </main>
    </>
  )
}

function Ways({ signIn, onChange }: { signIn: NotSignedIn; onChange: (signIn: SignIn) => void }) {
  const { t } = useTranslation()
  switch (signIn.state) {
    case 'needs-token':
      return <TokenForm onToken={(token) => onChange(signIn.useToken(token))} />
    case 'needs-sign-in':
      return (
        <>
          <CardDescription>{t('signIn.withIssuer')}</CardDescription>
          <Button onClick={() => void signIn.signIn().catch(() => onChange({ state: 'failed' }))}>
            {t('signIn.button')}
          </Button>
        </>
      )
    case 'no-sign-in':
      return <CardDescription>{t('signIn.none')}</CardDescription>
    case 'failed':
      return (
        <>
          <CardDescription>{t('signIn.failed')}</CardDescription>
          <Button variant="outline" onClick={() => location.reload()}>
            {t('app.tryAgain')}
          </Button>
        </>
      )
  }
}

function TokenForm({ onToken }: { onToken: (token: string) => void }) {
  const { t } = useTranslation()
  const [token, setToken] = useState('')
  const [submitted, setSubmitted] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const trimmed = token.trim()

  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setSubmitted(true)
    if (trimmed === '') requestAnimationFrame(() => focusFirstInvalid(form.current))
    else onToken(trimmed)
  }

  return (
    <form ref={form} noValidate onSubmit={submit} className="grid gap-4">
      <CardDescription>{t('signIn.withToken')}</CardDescription>
      <code className="rounded-md bg-muted px-3 py-2 text-sm">garmin-sync token --user demo</code>
      <Field label={t('signIn.token')} error={submitted && trimmed === '' ? t('signIn.tokenRequired') : undefined}>
        {(control) => (
          <Input
            {...control}
            autoComplete="off"
            spellCheck={false}
            value={token}
            onChange={({ target }) => setToken(target.value)}
          />
        )}
      </Field>
      <Button type="submit">{t('signIn.useToken')}</Button>
    </form>
  )
}
