import { CircleAlertIcon } from 'lucide-react'

import { useErrorText } from '@/i18n/use-error-text'

import { Alert, AlertDescription, AlertTitle } from './ui/alert'

/** What the server said to a form as a whole. */
export function FormError({ title, error }: { title: string; error: unknown }) {
  const errorText = useErrorText()
  if (error === null) return null
  return (
    <Alert variant="destructive" role="alert">
      <CircleAlertIcon aria-hidden />
      <AlertTitle>{title}</AlertTitle>
      <AlertDescription>{errorText(error)}</AlertDescription>
    </Alert>
  )
}
