import { type ReactNode, useId } from 'react'

import { EARLIEST } from '@/dates/calendar'

import { Input } from './ui/input'
import { Label } from './ui/label'

export interface ControlProps {
  id: string
  'aria-invalid': boolean
  'aria-describedby': string | undefined
}

/** A labelled control with its hint and its error, tied together for a screen reader. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string
  hint?: string
  error?: string | undefined
  children: (control: ControlProps) => ReactNode
}) {
  const id = useId()
  const hasError = error !== undefined
  const describedBy = [hasError && `${id}-error`, hint !== undefined && `${id}-hint`].filter(Boolean).join(' ')
  return (
    <div className="grid gap-2">
      <Label htmlFor={id}>{label}</Label>
      {children({ id, 'aria-invalid': hasError, 'aria-describedby': describedBy || undefined })}
      {hasError && (
        <p id={`${id}-error`} role="alert" className="text-sm text-destructive">
          {error}
        </p>
      )}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="text-sm text-muted-foreground">
          {hint}
        </p>
      )}
    </div>
  )
}

/** A day of Garmin's time, today at the latest. */
export function DayField({
  label,
  error,
  today,
  day,
  onChange,
}: {
  label: string
  error?: string | undefined
  today: string
  day: string
  onChange: (day: string) => void
}) {
  return (
    <Field label={label} error={error}>
      {(control) => (
        <Input
          {...control}
          type="date"
          min={EARLIEST}
          max={today}
          value={day}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  )
}
