import type { Api } from '@/api/api'
import type { HistoryKind, HistoryPage } from '@/api/types'

import type { DayRange } from '../range'

export type FileFormat = 'csv' | 'json'

/** All pages of a kind as one file. `onPage` hears how many have come. */
export async function collect(
  api: Api,
  kind: HistoryKind,
  range: DayRange,
  format: FileFormat,
  onPage: (pages: number) => void,
): Promise<Blob> {
  return format === 'csv' ? collectCsv(api, kind, range, onPage) : collectJson(api, kind, range, onPage)
}

async function collectJson(api: Api, kind: HistoryKind, range: DayRange, onPage: (pages: number) => void) {
  const rows: unknown[] = []
  let cursor: string | null = null
  let pages = 0
  do {
    const page: HistoryPage<HistoryKind> = await api.history({ kind, range, fields: [], cursor })
    rows.push(...page.rows)
    onPage(++pages)
    cursor = page.cursor
  } while (cursor !== null)
  return new Blob([JSON.stringify(rows, null, 1)], { type: 'application/json' })
}

async function collectCsv(api: Api, kind: HistoryKind, range: DayRange, onPage: (pages: number) => void) {
  const parts: string[] = []
  let cursor: string | null = null
  let pages = 0
  do {
    const page = await api.historyCsv({ kind, range, cursor })
    // Every page has the header row; the file has it once.
    parts.push(pages === 0 ? page.csv : withoutFirstLine(page.csv))
    onPage(++pages)
    cursor = page.cursor
  } while (cursor !== null)
  return new Blob(parts, { type: 'text/csv;charset=utf-8' })
}

function withoutFirstLine(csv: string): string {
  const end = csv.indexOf('\n')
  return end === -1 ? '' : csv.slice(end + 1)
}

/** Hands a file to the browser. */
export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const anchor = document.createElement('a')
  anchor.href = url
  anchor.download = name
  anchor.click()
  URL.revokeObjectURL(url)
}
