import { useTranslation } from 'react-i18next'

import { Button } from './ui/button'

/** Something could not be loaded, and a person may ask for it again. */
export function LoadFailed({ text, onRetry }: { text: string; onRetry: () => void }) {
  const { t } = useTranslation()
  return (
    <div role="status" className="flex flex-wrap items-center gap-3 text-sm text-muted-foreground">
      {text}
      <Button size="sm" variant="outline" onClick={onRetry}>
        {t('app.tryAgain')}
      </Button>
    </div>
  )
}
