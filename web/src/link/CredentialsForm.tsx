import { type SubmitEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { Field } from '@/components/field'
import { focusFirstInvalid } from '@/components/focus-first-invalid'
import { FormError } from '@/components/form-error'
import { Button } from '@/components/ui/button'
import { Input } from '@/components/ui/input'

import { useLinkActions } from './use-link'

export function CredentialsForm({ onMfa }: { onMfa: (clientState: string) => void }) {
  const { t } = useTranslation()
  const { login } = useLinkActions()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [submitted, setSubmitted] = useState(false)
  const form = useRef<HTMLFormElement>(null)

  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setSubmitted(true)
    if (email === '' || password === '') {
      // The fields learn in this same pass that they are invalid.
      requestAnimationFrame(() => focusFirstInvalid(form.current))
      return
    }
    if (login.isPending) return
    login.mutate(
      { email, password },
      {
        onSuccess: (answer) => {
          if (answer.status === 'needs_mfa') onMfa(answer.client_state)
        },
      },
    )
  }

  return (
    <form ref={form} noValidate onSubmit={submit} className="grid gap-4">
      <Field label={t('link.email')} error={submitted && email === '' ? t('link.emailRequired') : undefined}>
        {(control) => (
          <Input
            {...control}
            type="email"
            autoComplete="username"
            value={email}
            onChange={({ target }) => setEmail(target.value)}
          />
        )}
      </Field>
      <Field
        label={t('link.password')}
        hint={t('link.passwordHint')}
        error={submitted && password === '' ? t('link.passwordRequired') : undefined}
      >
        {(control) => (
          <Input
            {...control}
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={({ target }) => setPassword(target.value)}
          />
        )}
      </Field>
      <FormError title={t('link.failed')} error={login.error} />
      <Button type="submit" aria-disabled={login.isPending}>
        {login.isPending ? t('link.signingIn') : t('link.signIn')}
      </Button>
    </form>
  )
}
