import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'

/** The heading of a route. A change of route puts the focus here, so that a screen reader begins to read at the new page. */
export function PageTitle({ title, subtitle }: { title: string; subtitle?: string }) {
  const { t } = useTranslation()
  const heading = useRef<HTMLHeadingElement>(null)

  useEffect(() => {
    // Not on the first load: there the browser begins at the top by itself.
    if (document.activeElement !== document.body) heading.current?.focus()
  }, [])

  useEffect(() => {
    document.title = `${title} · ${t('app.name')}`
  }, [title, t])

  return (
    <div>
      <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold tracking-tight outline-none">
        {title}
      </h1>
      {subtitle !== undefined && <p className="text-muted-foreground">{subtitle}</p>}
    </div>
  )
}
