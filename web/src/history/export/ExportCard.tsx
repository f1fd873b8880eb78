import { useMutation } from '@tanstack/react-query'
import { DownloadIcon } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'

import { useApi } from '@/api/api-context'
import type { HistoryKind } from '@/api/types'
import { Button } from '@/components/ui/button'
import { Card, CardDescription, CardHeader, CardTitle } from '@/components/ui/card'
import { NativeSelect } from '@/components/ui/native-select'
import { useErrorText } from '@/i18n/use-error-text'

import type { DayRange } from '../range'
import { collect, type FileFormat, save } from './download'

const KINDS = ['daily', 'sleep', 'activities', 'coverage'] as const satisfies readonly HistoryKind[]
const FORMATS = ['csv', 'json'] as const satisfies readonly FileFormat[]

export function ExportCard({ range }: { range: DayRange }) {
  const { t } = useTranslation()
  const api = useApi()
  const errorText = useErrorText()
  const [kind, setKind] = useState<HistoryKind>('daily')
  const [pages, setPages] = useState(0)
  const file = useMutation({
    mutationFn: (format: FileFormat) => collect(api, kind, range, format, setPages),
    onSuccess: (blob, format) => save(blob, `garmin-${kind}-${range.from}-${range.to}.${format}`),
    onError: (error) => toast.error(t('history.export.failed'), { description: errorText(error) }),
    onSettled: () => setPages(0),
  })
  return (
    <Card>
      <CardHeader>
        <CardTitle>{t('history.export.title')}</CardTitle>
        <CardDescription>{t('history.export.description')}</CardDescription>
      </CardHeader>
      <div className="flex flex-wrap items-center gap-2">
        <NativeSelect
          aria-label={t('history.export.kind')}
          value={kind}
          onChange={({ target }) => setKind(target.value as HistoryKind)}
        >
          {KINDS.map((name) => (
            <option key={name} value={name}>
              {t(`history.export.kinds.${name}`)}
            </option>
          ))}
        </NativeSelect>
        {FORMATS.map((format) => (
          <Button key={format} variant="outline" aria-disabled={file.isPending} onClick={() => file.mutate(format)}>
            <DownloadIcon aria-hidden />
            {t(`history.export.${format}`)}
          </Button>
        ))}
        <p role="status" className="text-sm text-muted-foreground">
          {file.isPending && t('history.export.working', { pages: pages === 0 ? '' : pages })}
        </p>
      </div>
    </Card>
  )
}
