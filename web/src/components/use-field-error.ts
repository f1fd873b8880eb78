import { ApiError } from '@/api/errors'
import { useErrorText } from '@/i18n/use-error-text'

/** What the server said, where it is about one field: `field` for that one, and what is left for the form as a whole. */
export function useFieldError(error: unknown, codes: readonly string[]): { field: string | undefined; form: unknown } {
  const errorText = useErrorText()
  return error instanceof ApiError && codes.includes(error.code)
    ? { field: errorText(error), form: null }
    : { field: undefined, form: error }
}
