import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'

import { ApiError, isPassing, NoAnswerError } from '@/api/errors'

/** What went wrong, in the person's language: by its code where there is a text for it, else in the server's own words. */
export function useErrorText(): (error: unknown) => string {
  const { t, i18n } = useTranslation()
  return useCallback(
    (error) => {
      if (error instanceof NoAnswerError) return t('errors.no_answer')
      if (!(error instanceof ApiError)) return t('errors.unknown')
      const key = `errors.${error.code}`
      // The codes are the server's, and it may know more of them than this page.
      if (i18n.exists(key)) return t(key as 'errors.unknown')
      return isPassing(error) ? t('errors.unavailable') : error.message
    },
    [t, i18n],
  )
}
