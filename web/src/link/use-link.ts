import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'

import { useApi } from '@/api/api-context'
import { KEYS, refresh } from '@/app/queries'
import { announceChange } from '@/app/tabs'
import { useErrorText } from '@/i18n/use-error-text'

/** Whether a Garmin account is linked. Asked again when something happens, not by the clock. */
export function useLinkStatus() {
  const api = useApi()
  return useQuery({ queryKey: [KEYS.linkStatus], queryFn: api.linkStatus })
}

/** What a person can do to their link. Errors of a form are the form's to show; success says so by a toast. */
export function useLinkActions() {
  const api = useApi()
  const client = useQueryClient()
  const { t } = useTranslation()
  const errorText = useErrorText()

  const changed = () => {
    announceChange('link')
    return refresh(client, 'link')
  }
  const linked = () => {
    toast.success(t('link.done'))
    return changed()
  }

  const login = useMutation({
    mutationFn: api.login,
    onSuccess: (answer) => (answer.status === 'success' ? linked() : undefined),
  })
  const resumeLogin = useMutation({ mutationFn: api.resumeLogin, onSuccess: linked })
  const link = useMutation({ mutationFn: api.link, onSuccess: linked })
  const unlink = useMutation({
    mutationFn: api.unlink,
    onSuccess: (_, { deleteData }) => {
      toast.success(t(deleteData ? 'link.unlinkedErased' : 'link.unlinked'))
    },
    onError: (error) => toast.error(t('link.unlinkFailed'), { description: errorText(error) }),
    onSettled: changed,
  })

  return { login, resumeLogin, link, unlink }
}
