import { TriangleAlertIcon } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'

import type { LinkStatus } from '@/api/types'
import { LoadFailed } from '@/components/load-failed'
import { Alert, AlertDescription, AlertTitle } from '@/components/ui/alert'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Card, CardAction, CardDescription, CardHeader, CardTitle } from '@/components/ui/card'
import { Skeleton } from '@/components/ui/skeleton'
import { useFormat } from '@/dates/use-format'

import { LinkWays } from './LinkWays'
import { UnlinkDialog } from './UnlinkDialog'
import { useLinkStatus } from './use-link'

/** Whether Garmin is linked, and how to change that. */
export function LinkCard({ lastSuccessfulSync }: { lastSuccessfulSync: string | null }) {
  const { t } = useTranslation()
  const { data: link, isError, refetch } = useLinkStatus()
  return (
    <Card>
      <CardHeader>
        <CardTitle>{t('link.title')}</CardTitle>
        <CardDescription>{t('link.description')}</CardDescription>
        {link !== undefined && (
          <CardAction>
            <LinkBadge link={link} />
          </CardAction>
        )}
      </CardHeader>
      {link === undefined && !isError && <Skeleton className="h-16" />}
      {link === undefined && isError && <LoadFailed text={t('app.loadFailed')} onRetry={() => void refetch()} />}
      {link?.isLinked === false && <LinkWays />}
      {link?.isLinked === true && <Linked link={link} lastSuccessfulSync={lastSuccessfulSync} />}
    </Card>
  )
}

function LinkBadge({ link }: { link: LinkStatus }) {
  const { t } = useTranslation()
  if (!link.isLinked) return <Badge>{t('link.notLinked')}</Badge>
  if (link.reauthRequired) return <Badge variant="warning">{t('link.reauthRequired')}</Badge>
  return <Badge variant="success">{t('link.linked')}</Badge>
}

function Linked({ link, lastSuccessfulSync }: { link: LinkStatus; lastSuccessfulSync: string | null }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <>
      {link.reauthRequired && <SignInAgain />}
      <dl className="grid gap-x-6 gap-y-1 text-sm sm:grid-cols-[auto_1fr]">
        <dt className="text-muted-foreground">{t('link.lastSync')}</dt>
        <dd>{lastSuccessfulSync === null ? t('link.never') : format.day(lastSuccessfulSync)}</dd>
        {link.lastUpdated !== null && (
          <>
            <dt className="text-muted-foreground">{t('link.linkedSince')}</dt>
            <dd>{format.instant(link.lastUpdated)}</dd>
          </>
        )}
      </dl>
      <UnlinkDialog />
    </>
  )
}

function SignInAgain() {
  const { t } = useTranslation()
  const [signingIn, setSigningIn] = useState(false)
  return (
    <Alert variant="warning" role="status">
      <TriangleAlertIcon aria-hidden />
      <AlertTitle>{t('link.reauth.title')}</AlertTitle>
      <AlertDescription>
        <p>{t('link.reauth.text')}</p>
        <div className="pt-3 text-foreground">
          {signingIn ? (
            <LinkWays />
          ) : (
            <Button size="sm" onClick={() => setSigningIn(true)}>
              {t('link.reauth.button')}
            </Button>
          )}
        </div>
      </AlertDescription>
    </Alert>
  )
}
