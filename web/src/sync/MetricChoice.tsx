import { useTranslation } from 'react-i18next'

import type { MetricType } from '@/api/types'
import { Disclosure } from '@/components/disclosure'
import { Button } from '@/components/ui/button'
import { Checkbox } from '@/components/ui/checkbox'
import { Label } from '@/components/ui/label'

import { ALL_METRICS, METRIC_GROUP_NAMES, METRIC_GROUPS } from './metrics'

/** Which kinds of data to import; closed, because nearly everybody wants all of them. */
export function MetricChoice({
  chosen,
  onChange,
}: {
  chosen: ReadonlySet<MetricType>
  onChange: (chosen: ReadonlySet<MetricType>) => void
}) {
  const { t } = useTranslation()
  const summary =
    chosen.size === ALL_METRICS.length
      ? t('import.allMetrics')
      : t('import.someMetrics', { chosen: chosen.size, total: ALL_METRICS.length })

  const toggle = (metric: MetricType, on: boolean) => {
    onChange(new Set(ALL_METRICS.filter((other) => (other === metric ? on : chosen.has(other)))))
  }

  return (
    <Disclosure summary={`${t('import.metrics')}: ${summary}`}>
      <div className="flex gap-2 pb-3">
        <Button size="sm" variant="outline" onClick={() => onChange(new Set(ALL_METRICS))}>
          {t('import.chooseAll')}
        </Button>
        <Button size="sm" variant="outline" onClick={() => onChange(new Set())}>
          {t('import.chooseNone')}
        </Button>
      </div>
      {METRIC_GROUP_NAMES.map((group) => (
        <fieldset key={group} className="pb-4">
          <legend className="pb-2 font-medium text-foreground">{t(`metricGroups.${group}`)}</legend>
          <div className="grid gap-2 sm:grid-cols-2">
            {METRIC_GROUPS[group].map((metric) => (
              <Label key={metric} className="cursor-pointer font-normal text-foreground">
                <Checkbox
                  checked={chosen.has(metric)}
                  onCheckedChange={(checked) => toggle(metric, checked === true)}
                />
                {t(`metrics.${metric}`)}
              </Label>
            ))}
          </div>
        </fieldset>
      ))}
    </Disclosure>
  )
}
