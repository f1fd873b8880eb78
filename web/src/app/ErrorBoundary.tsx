import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

import { Alert, AlertDescription, AlertTitle } from '@/components/ui/alert'

/** A part of the page that breaks, or that can no longer be loaded, takes no other part with it. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false }

  static getDerivedStateFromError() {
    return { broken: true }
  }

  override render() {
    return this.state.broken ? <Broken /> : this.props.children
  }
}

function Broken() {
  const { t } = useTranslation()
  return (
    <Alert variant="destructive" role="alert">
      <AlertTitle>{t('app.broken.title')}</AlertTitle>
      <AlertDescription>{t('app.broken.text')}</AlertDescription>
    </Alert>
  )
}
