import type { components } from './schema'

type Schemas = components['schemas']

export type Job = Schemas['Job']
export type JobStatus = Schemas['JobStatus']
export type SyncType = Schemas['SyncType']
export type MetricType = Schemas['MetricType']
export type Gap = Schemas['Gap']
export type FailedChunk = Schemas['FailedChunk']
export type SyncStatus = Schemas['SyncStatus']
export type JobList = Schemas['JobList']
export type Estimate = Schemas['Estimate']
export type StartAnswer = Schemas['StartAnswer']
export type LinkStatus = Schemas['LinkStatus']
export type LoginAnswer = Schemas['LoginAnswer']
export type GarminTokens = Schemas['TokenSet']

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
