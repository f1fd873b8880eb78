import { ChevronRightIcon } from 'lucide-react'
import type { ReactNode } from 'react'

/** The browser's own disclosure: keyboard, screen reader and find-in-page come with it. */
export function Disclosure({ summary, children }: { summary: ReactNode; children: ReactNode }) {
  return (
    <details className="group text-sm">
      <summary className="inline-flex cursor-pointer list-none items-center gap-1 rounded-sm text-muted-foreground outline-none hover:text-foreground focus-visible:ring-[3px] focus-visible:ring-ring/60 [&::-webkit-details-marker]:hidden">
        <ChevronRightIcon aria-hidden className="size-4 transition-transform group-open:rotate-90" />
        {summary}
      </summary>
      <div className="max-h-56 overflow-y-auto py-2 pl-5 text-muted-foreground">{children}</div>
    </details>
  )
}
