import type { Session } from '@/auth/session'

import { ApiError, NoAnswerError, readError } from './errors'
import type {
  Estimate,
  GarminTokens,
  HistoryKind,
  HistoryPage,
  JobPage,
  LinkStatus,
  LoginAnswer,
  MetricType,
  StartAnswer,
  SyncStatus,
} from './types'

const PREFIX = '/integrations/garmin'

export interface Range {
  startDate: string
  endDate: string
}

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
const ROWS_FIELD: Record<HistoryKind, string> = {
  daily: 'days',
  sleep: 'nights',
  activities: 'activities',
  coverage: 'ranges',
}

/** What the page asks the server, one method per route. */
export interface Api {
  linkStatus: () => Promise<LinkStatus>
  login: (credentials: { email: string; password: string }) => Promise<LoginAnswer>
  resumeLogin: (answer: { clientState: string; code: string }) => Promise<void>
  link: (tokens: GarminTokens) => Promise<void>
  unlink: (options: { deleteData: boolean }) => Promise<void>
  syncStatus: () => Promise<SyncStatus>
  startIncremental: () => Promise<StartAnswer>
  startHistorical: (range: Range, metricTypes: readonly MetricType[]) => Promise<StartAnswer>
  estimate: (range: Range, signal: AbortSignal) => Promise<Estimate>
  pause: (jobId: string) => Promise<void>
  resume: (jobId: string) => Promise<void>
  cancel: (jobId: string) => Promise<void>
  jobs: (cursor: string | null) => Promise<JobPage>
  history: <K extends HistoryKind>(query: HistoryQuery<K>) => Promise<HistoryPage<K>>
  historyCsv: (query: Omit<HistoryQuery<HistoryKind>, 'fields'>) => Promise<{ csv: string; cursor: string | null }>
}

/** `onUnauthorized` is told when the server no longer takes the session's token. */
export function createApi(session: Session, onUnauthorized: () => void): Api {
  // The last status with its ETag: an unchanged job costs a 304, and is the same object, so nothing is drawn anew.
  let lastStatus: { etag: string; status: SyncStatus } | undefined

  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const token = await session.token()
    if (token === null) {
      onUnauthorized()
      throw new ApiError(401, 'unauthorized', 'Unauthorized')
    }
    const headers = new Headers(init.headers)
    headers.set('Authorization', `Bearer ${token}`)
    const response = await fetch(PREFIX + path, { ...init, headers, cache: 'no-store' }).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'AbortError') throw error
      throw new NoAnswerError('the server does not answer', { cause: error })
    })
    if (response.ok || response.status === 304) return response
    if (response.status === 401) onUnauthorized()
    throw await readError(response)
  }

  async function get<T>(path: string, init?: RequestInit): Promise<T> {
    return read<T>(await ask(path, init))
  }

  async function post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
    const init = {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...headers },
    }
    return read<T>(await ask(path, init))
  }

  /** A start that is sent twice, by a retry on the way or a double click, makes one job. */
  function start(path: string, body: object): Promise<StartAnswer> {
    return post(path, { ...body, timeZone: timeZone() }, { 'Idempotency-Key': crypto.randomUUID() })
  }

  return {
    linkStatus: () => get('/status'),
    login: (credentials) => post('/login', credentials),
    resumeLogin: async ({ clientState, code }) => {
      await post('/resume_login', { client_state: clientState, mfa_code: code })
    },
    link: async (tokens) => {
      await post('/link', { tokens })
    },
    unlink: async (options) => {
      await post('/unlink', options)
    },
    syncStatus: async () => {
      const response = await ask('/sync/status', lastStatus && { headers: { 'If-None-Match': lastStatus.etag } })
      if (response.status === 304 && lastStatus) return lastStatus.status
      const status = await read<SyncStatus>(response)
      const etag = response.headers.get('ETag')
      lastStatus = etag === null ? undefined : { etag, status }
      return status
    },
    startIncremental: () => start('/sync/incremental', {}),
    startHistorical: (range, metricTypes) => start('/sync/historical', { ...range, metricTypes }),
    estimate: (range, signal) =>
      get(`/sync/estimate?${new URLSearchParams({ ...range, timeZone: timeZone() })}`, { signal }),
    pause: async (jobId) => {
      await post('/sync/pause', { jobId })
    },
    resume: async (jobId) => {
      await post('/sync/resume', { jobId })
    },
    cancel: async (jobId) => {
      await post('/sync/cancel', { jobId })
    },
    jobs: (cursor) => get(`/sync/jobs?${new URLSearchParams({ limit: '10', ...(cursor !== null && { cursor }) })}`),
    history: async ({ signal, ...query }) => {
      const page = await get<Record<string, unknown>>(historyPath(query), signal && { signal })
      const { [ROWS_FIELD[query.kind]]: rows, cursor } = page
      return { rows, cursor } as HistoryPage<typeof query.kind>
    },
    historyCsv: async ({ signal, ...query }) => {
      const response = await ask(historyPath({ ...query, fields: [], format: 'csv' }), signal && { signal })
      return { csv: await response.text(), cursor: cursorOfNext(response.headers.get('Link')) }
    },
  }
}

async function read<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T
  } catch (error) {
    throw new NoAnswerError('the answer broke off', { cause: error })
  }
}

/** The zone of the calendar that the person looks at: whose "today" an import may reach. */
function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

function historyPath({
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
  return `/history/${kind}?${parameters}`
}

/** The cursor in a `Link: <…&cursor=…>; rel="next"`. */
function cursorOfNext(link: string | null): string | null {
  const target = link === null ? null : /<([^>]*)>\s*;\s*rel="?next"?/.exec(link)?.[1]
  return target == null ? null : new URL(target, location.origin).searchParams.get('cursor')
}
