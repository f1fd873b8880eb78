import type en from '@/i18n/locales/en.json'

export type MetricType = keyof typeof en.metrics
export type JobStatus = 'pending' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled'
export type SyncType = 'incremental' | 'historical'
export type PauseReason = 'user' | 'throttled' | 'reauth_required'
export type GapReason = 'offloaded' | 'refused'

export interface FailedChunk {
  start: string
  end: string
  error: string
}
export interface Gap {
  metric: MetricType
  start: string
  end: string
  reason: GapReason
}

export interface Job {
  id: string
  status: JobStatus
  syncType: SyncType
  startDate: string
  endDate: string
  chunksCompleted: number
  chunksTotal: number
  percentComplete: number
  currentChunkRange: string | null
  errorMessage: string | null
  failedChunks: FailedChunk[]
  createdAt: string
  startedAt: string | null
  completedAt: string | null
  updatedAt: string
  lastSuccessfulDate: string | null
  metricTypes: MetricType[]
  pauseReason: PauseReason | null
  retryAt: string | null
  etaSeconds: number | null
  gaps: Gap[]
}

export interface SyncStatus {
  hasActiveJob: boolean
  job: Job | null
  lastSuccessfulSync: string | null
  pollAfterMs: number | null
}

export interface JobPage {
  jobs: Job[]
  cursor: string | null
}
export interface Estimate {
  days: number
  chunks: number
  minutes: number
}

export type StartAnswer =
  | { status: 'started'; jobId: string; chunksTotal: number; estimatedMinutes?: number; message: string }
  | { status: 'already_running'; jobId: string; message: string }
  | { status: 'up_to_date'; message: string }

export interface LinkStatus {
  isLinked: boolean
  lastUpdated: string | null
  tokenExpiresAt: string | null
  reauthRequired: boolean
  message: string
}

export type LoginAnswer = { status: 'success' } | { status: 'needs_mfa'; client_state: string }
export interface GarminTokens {
  di_token: string
  di_refresh_token: string
  di_client_id: string
}

export const HISTORY_KINDS = ['daily', 'sleep', 'activities', 'coverage'] as const
export type HistoryKind = (typeof HISTORY_KINDS)[number]

export type CoverageState = 'imported' | 'partial' | 'none' | 'gap' | 'failed' | 'not_imported'

export interface CoverageRange {
  start: string
  end: string
  state: CoverageState
}

/** A day, a night or an activity, with the fields that were asked for. */
export interface DatedRow {
  date: string
  [field: string]: unknown
}

export type HistoryRow<K extends HistoryKind> = K extends 'coverage' ? CoverageRange : DatedRow

export interface HistoryPage<K extends HistoryKind> {
  rows: HistoryRow<K>[]
  cursor: string | null
}
