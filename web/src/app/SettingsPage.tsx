import { useTranslation } from 'react-i18next'

import { LinkCard } from '@/link/LinkCard'
import { useLinkStatus } from '@/link/use-link'
import { JobHistory } from '@/sync/JobHistory'
import { SyncCard } from '@/sync/SyncCard'
import { useSyncStatus } from '@/sync/use-sync-status'

import { PageTitle } from './PageTitle'

export function SettingsPage() {
  const { t } = useTranslation()
  const { data: status } = useSyncStatus()
  const { data: link } = useLinkStatus()
  return (
    <>
      <PageTitle title={t('settings.title')} subtitle={t('settings.externalProviders')} />
      <LinkCard lastSuccessfulSync={status?.lastSuccessfulSync ?? null} />
      <SyncCard isLinked={link?.isLinked ?? false} />
      <JobHistory />
    </>
  )
}
