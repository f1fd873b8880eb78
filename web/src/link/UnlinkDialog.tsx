import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import {
  AlertDialog,
  AlertDialogCancel,
  AlertDialogContent,
  AlertDialogDescription,
  AlertDialogTitle,
  AlertDialogTrigger,
} from '@/components/ui/alert-dialog'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/checkbox'
import { DialogFooter } from '@/components/ui/dialog'
import { Label } from '@/components/ui/label'

import { useLinkActions } from './use-link'

export function UnlinkDialog() {
  const { t } = useTranslation()
  const { unlink } = useLinkActions()
  const [open, setOpen] = useState(false)
  const [deleteData, setDeleteData] = useState(false)

  const change = (nowOpen: boolean) => {
    // Each time anew: a tick from the last time must not erase anything.
    setDeleteData(false)
    setOpen(nowOpen)
  }

  return (
    <AlertDialog open={open} onOpenChange={change}>
      <AlertDialogTrigger asChild>
        <Button variant="outline" className="w-fit">
          {t('link.unlink')}
        </Button>
      </AlertDialogTrigger>
      <AlertDialogContent>
        <div className="grid gap-2">
          <AlertDialogTitle>{t('link.unlinkDialog.title')}</AlertDialogTitle>
          <AlertDialogDescription>{t('link.unlinkDialog.text')}</AlertDialogDescription>
        </div>
        <div className="grid gap-1">
          <Label className="cursor-pointer">
            <Checkbox checked={deleteData} onCheckedChange={(checked) => setDeleteData(checked === true)} />
            {t('link.unlinkDialog.erase')}
          </Label>
          <p className="pl-6 text-sm text-muted-foreground">{t('link.unlinkDialog.eraseHint')}</p>
        </div>
        <DialogFooter>
          <AlertDialogCancel asChild>
            <Button variant="outline">{t('link.unlinkDialog.keep')}</Button>
          </AlertDialogCancel>
          <Button
            variant="destructive"
            aria-disabled={unlink.isPending}
            onClick={() => unlink.mutate({ deleteData }, { onSuccess: () => change(false) })}
          >
            {unlink.isPending
              ? t('link.unlinkDialog.working')
              : t(deleteData ? 'link.unlinkDialog.confirmErase' : 'link.unlinkDialog.confirm')}
          </Button>
        </DialogFooter>
      </AlertDialogContent>
    </AlertDialog>
  )
}
