import createClient from 'openapi-fetch'

import type { Session } from '@/auth/session'

import { NoAnswerError } from './errors'
import { cursorOfNext, historyPath, type HistoryQuery, rowsOf } from './history'
import { requests } from './requests'
import type { paths } from './schema'
import type {
  Estimate,
  GarminTokens,
  HistoryKind,
  HistoryPage,
  JobList,
  LinkStatus,
  LoginAnswer,
  MetricType,
  StartAnswer,
  SyncStatus,
} from './types'

export interface Range {
  startDate: string
  endDate: string
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
  /** No names mean all data. */
  startHistorical: (range: Range, metricTypes: readonly MetricType[]) => Promise<StartAnswer>
  estimate: (range: Range, signal: AbortSignal) => Promise<Estimate>
  pause: (jobId: string) => Promise<void>
  resume: (jobId: string) => Promise<void>
  cancel: (jobId: string) => Promise<void>
  jobs: (cursor: string | null) => Promise<JobList>
  history: <K extends HistoryKind>(query: HistoryQuery<K>) => Promise<HistoryPage<K>>
  historyCsv: (query: Omit<HistoryQuery<HistoryKind>, 'fields'>) => Promise<{ csv: string; cursor: string | null }>
}

/** `onUnauthorized` is told when the server no longer takes the session's token. */
export function createApi(session: Session, onUnauthorized: () => void): Api {
  const send = requests(session, onUnauthorized)
  const client = createClient<paths>({ baseUrl: location.origin, fetch: send })
  // The last status with its ETag: an unchanged job costs a 304, and is the same object, so nothing is drawn anew.
  let known: { etag: string; status: SyncStatus } | undefined

  return {
    linkStatus: () => bodyOf(client.GET('/integrations/garmin/status')),
    login: (body) => bodyOf(client.POST('/integrations/garmin/login', { body })),
    resumeLogin: async ({ clientState, code }) => {
      await client.POST('/integrations/garmin/resume_login', { body: { client_state: clientState, mfa_code: code } })
    },
    link: async (tokens) => {
      await client.POST('/integrations/garmin/link', { body: { tokens } })
    },
    unlink: async (body) => {
      await client.POST('/integrations/garmin/unlink', { body })
    },
    syncStatus: async () => {
      const headers = known && { 'If-None-Match': known.etag }
      const answer = await client.GET('/integrations/garmin/sync/status', { params: { header: headers ?? {} } })
      if (answer.response.status === 304 && known !== undefined) return known.status
      const status = presentIn(answer)
      const etag = answer.response.headers.get('ETag')
      known = etag === null ? undefined : { etag, status }
      return status
    },
    startIncremental: () =>
      bodyOf(
        client.POST('/integrations/garmin/sync/incremental', {
          params: { header: startHeaders() },
          body: { timeZone: timeZone() },
        }),
      ),
    startHistorical: (range, metricTypes) =>
      bodyOf(
        client.POST('/integrations/garmin/sync/historical', {
          params: { header: startHeaders() },
          body: { ...range, metricTypes: [...metricTypes], timeZone: timeZone() },
        }),
      ),
    estimate: (range, signal) => {
      const params = { query: { ...range, timeZone: timeZone() } }
      return bodyOf(client.GET('/integrations/garmin/sync/estimate', { params, signal }))
    },
    pause: async (jobId) => {
      await client.POST('/integrations/garmin/sync/pause', { body: { jobId } })
    },
    resume: async (jobId) => {
      await client.POST('/integrations/garmin/sync/resume', { body: { jobId } })
    },
    cancel: async (jobId) => {
      await client.POST('/integrations/garmin/sync/cancel', { body: { jobId } })
    },
    jobs: (cursor) => {
      const query = { limit: 10, ...(cursor !== null && { cursor }) }
      return bodyOf(client.GET('/integrations/garmin/sync/jobs', { params: { query } }))
    },
    history: async ({ signal, ...query }) => {
      const response = await send(new Request(historyPath(query), signal && { signal }))
      return rowsOf(query.kind, await response.json())
    },
    historyCsv: async ({ signal, ...query }) => {
      const response = await send(
        new Request(historyPath({ ...query, fields: [], format: 'csv' }), signal && { signal }),
      )
      return { csv: await response.text(), cursor: cursorOfNext(response) }
    },
  }
}

/** The body of an answer that is no refusal: `send` has thrown those. */
async function bodyOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return presentIn(await answer)
}

function presentIn<T>({ data }: { data?: T }): T {
  if (data === undefined) throw new NoAnswerError('the answer is empty')
  return data
}

/** A start that is sent twice, by a retry on the way, makes one job. */
function startHeaders() {
  return { 'Idempotency-Key': crypto.randomUUID() }
}

/** The zone of the calendar that the person looks at: whose "today" an import may reach. */
function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
