import { type SubmitEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

import { Field } from '@/components/field'
import { focusFirstInvalid } from '@/components/focus-first-invalid'
import { FormError } from '@/components/form-error'
import { Button } from '@/components/ui/button'
import { Textarea } from '@/components/ui/textarea'
import { useFieldError } from '@/components/use-field-error'

import { type ReadTokens, readTokens } from './tokens'
import { useLinkActions } from './use-link'

export function TokensForm() {
  const { t } = useTranslation()
  const { link } = useLinkActions()
  const [text, setText] = useState('')
  const [read, setRead] = useState<ReadTokens | null>(null)
  const form = useRef<HTMLFormElement>(null)
  const refused = useFieldError(link.error, ['invalid_tokens', 'garmin_refuses_tokens'])

  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (link.isPending) return
    const found = readTokens(text)
    setRead(found)
    const toInvalid = () => requestAnimationFrame(() => focusFirstInvalid(form.current))
    if ('tokens' in found) link.mutate(found.tokens, { onError: toInvalid })
    else toInvalid()
  }

  let error = refused.field
  if (read !== null && 'problem' in read) {
    error = read.problem === 'notJson' ? t('link.tokens.notJson') : t('link.tokens.missing', { field: read.field })
  }

  return (
    <form ref={form} noValidate onSubmit={submit} className="grid gap-4">
      <Field label={t('link.tokens.label')} hint={t('link.tokens.hint')} error={error}>
        {(control) => (
          <Textarea
            {...control}
            rows={5}
            spellCheck={false}
            autoComplete="off"
            className="font-mono"
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
        )}
      </Field>
      <FormError title={t('link.failed')} error={refused.form} />
      <Button type="submit" aria-disabled={link.isPending}>
        {link.isPending ? t('link.tokens.linking') : t('link.tokens.button')}
      </Button>
    </form>
  )
}
