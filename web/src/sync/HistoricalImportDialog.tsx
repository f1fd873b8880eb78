import { HistoryIcon } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import { Button } from '@/components/ui/button'
import {
  Dialog,
  DialogContent,
  DialogDescription,
  DialogHeader,
  DialogTitle,
  DialogTrigger,
} from '@/components/ui/dialog'

import { HistoricalImportForm } from './HistoricalImportForm'

export function HistoricalImportDialog({ disabled }: { disabled: boolean }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <Dialog open={open} onOpenChange={setOpen}>
      <DialogTrigger asChild>
        <Button variant="outline" aria-disabled={disabled}>
          <HistoryIcon aria-hidden />
          {t('sync.historicalImport')}
        </Button>
      </DialogTrigger>
      <DialogContent closeLabel={t('app.close')}>
        <DialogHeader>
          <DialogTitle>{t('import.title')}</DialogTitle>
          <DialogDescription>{t('import.description')}</DialogDescription>
        </DialogHeader>
        {/* Mounted with the dialog: "today" is the day on which it was opened. */}
        <HistoricalImportForm onDone={() => setOpen(false)} />
      </DialogContent>
    </Dialog>
  )
}
