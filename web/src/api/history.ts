import type { HistoryKind, HistoryPage } from './types'

export interface HistoryQuery<K extends HistoryKind> {
  kind: K
  range: { from: string; to: string }
  /** Which fields of a row; none named is all. */
  fields: readonly string[]
  cursor: string | null
  signal?: AbortSignal
}

/** The most rows that the API puts on a page. */
const ROWS_A_PAGE = '1000'

/** Under which name each kind's rows come. */
const ROWS_FIELD = { daily: 'days', sleep: 'nights', activities: 'activities', coverage: 'ranges' } as const

export function historyPath({
  kind,
  range,
  fields,
  cursor,
  format,
}: Omit<HistoryQuery<HistoryKind>, 'signal'> & { format?: 'csv' }): string {
  const parameters = new URLSearchParams({ ...range, limit: ROWS_A_PAGE })
  if (fields.length > 0) parameters.set('fields', fields.join(','))
  if (cursor !== null) parameters.set('cursor', cursor)
  if (format !== undefined) parameters.set('format', format)
  return `${location.origin}/integrations/garmin/history/${kind}?${parameters.toString()}`
}

/** One shape for the pages of all kinds. */
export function rowsOf<K extends HistoryKind>(kind: K, body: unknown): HistoryPage<K> {
  const { [ROWS_FIELD[kind]]: rows, cursor } = body as Record<string, unknown>
  return { rows, cursor } as HistoryPage<K>
}

/** The cursor of the next page of a CSV, from its `Link: <…&cursor=…>; rel="next"`. */
export function cursorOfNext(response: Response): string | null {
  const target = /<([^>]*)>\s*;\s*rel="?next"?/.exec(response.headers.get('Link') ?? '')?.[1]
  return target === undefined ? null : new URL(target, response.url).searchParams.get('cursor')
}
