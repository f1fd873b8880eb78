import { useTranslation } from 'react-i18next'

import { PageTitle } from '@/app/PageTitle'

export default function HistoryPage() {
  const { t } = useTranslation()
  return <PageTitle title={t('history.title')} />
}
