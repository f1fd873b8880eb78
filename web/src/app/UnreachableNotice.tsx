import { CloudOffIcon } from 'lucide-react'
import { useTranslation } from 'react-i18next'

import { isPassing } from '@/api/errors'
import { Alert, AlertDescription, AlertTitle } from '@/components/ui/alert'
import { useSyncStatus } from '@/sync/use-sync-status'

/** One quiet notice for as long as the server cannot be reached, however often it is asked meanwhile. */
export function UnreachableNotice() {
  const { t } = useTranslation()
  const { error } = useSyncStatus()
  // The region stands before there is something to say: only then does a screen reader hear of it.
  return (
    <div role="status" className="empty:absolute">
      {isPassing(error) && (
        <Alert variant="warning">
          <CloudOffIcon aria-hidden />
          <AlertTitle>{t('app.unreachable.title')}</AlertTitle>
          <AlertDescription>{t('app.unreachable.text')}</AlertDescription>
        </Alert>
      )}
    </div>
  )
}
