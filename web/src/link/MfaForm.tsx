import { type SubmitEvent, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { Field } from '@/components/field'
import { FormError } from '@/components/form-error'
import { Button } from '@/components/ui/button'
import { Input } from '@/components/ui/input'
import { useFieldError } from '@/components/use-field-error'

import { useLinkActions } from './use-link'

/** A wrong code may be corrected: the server keeps the sign-in for five minutes. */
export function MfaForm({ clientState, onBack }: { clientState: string; onBack: () => void }) {
  const { t } = useTranslation()
  const { resumeLogin } = useLinkActions()
  const [code, setCode] = useState('')
  const [submitted, setSubmitted] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const isEmpty = code.trim() === ''
  const refused = useFieldError(resumeLogin.error, ['wrong_mfa_code'])

  // The form before this one has gone, and the keyboard's focus with it.
  useEffect(() => input.current?.focus(), [])

  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setSubmitted(true)
    if (isEmpty) input.current?.focus()
    if (isEmpty || resumeLogin.isPending) return
    resumeLogin.mutate({ clientState, code: code.trim() }, { onError: () => input.current?.select() })
  }

  return (
    <form noValidate onSubmit={submit} className="grid gap-4">
      <p className="text-sm text-muted-foreground">{t('link.mfa.text')}</p>
      <Field label={t('link.mfa.code')} error={submitted && isEmpty ? t('link.mfa.codeRequired') : refused.field}>
        {(control) => (
          <Input
            {...control}
            ref={input}
            inputMode="numeric"
            autoComplete="one-time-code"
            value={code}
            onChange={({ target }) => setCode(target.value)}
          />
        )}
      </Field>
      <FormError title={t('link.failed')} error={refused.form} />
      <div className="flex gap-2">
        <Button type="submit" className="flex-1" aria-disabled={resumeLogin.isPending}>
          {resumeLogin.isPending ? t('link.mfa.confirming') : t('link.mfa.confirm')}
        </Button>
        <Button variant="outline" onClick={onBack}>
          {t('link.mfa.back')}
        </Button>
      </div>
    </form>
  )
}
