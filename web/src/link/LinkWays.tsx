import { useTranslation } from 'react-i18next'

import { Tabs, TabsContent, TabsList, TabsTrigger } from '@/components/ui/tabs'

import { SignInForms } from './SignInForms'
import { TokensForm } from './TokensForm'

/** By signing in at Garmin; or by tokens from elsewhere, because Garmin refuses sign-ins from some networks. */
export function LinkWays() {
  const { t } = useTranslation()
  return (
    <Tabs defaultValue="sign-in" className="grid max-w-md gap-4">
      <TabsList aria-label={t('link.ways')}>
        <TabsTrigger value="sign-in">{t('link.signIn')}</TabsTrigger>
        <TabsTrigger value="tokens">{t('link.pasteTokens')}</TabsTrigger>
      </TabsList>
      <TabsContent value="sign-in">
        <SignInForms />
      </TabsContent>
      <TabsContent value="tokens">
        <TokensForm />
      </TabsContent>
    </Tabs>
  )
}
