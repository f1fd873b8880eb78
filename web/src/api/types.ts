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

export type CoverageState = Schemas['DayState']
export type CoverageRange = Schemas['CoveredRange']

/** A row of each kind of history, with the fields that were asked for. */
export interface HistoryRows {
  daily: Schemas['DayRow']
  sleep: Schemas['NightRow']
  activities: Schemas['ActivityRow']
  coverage: CoverageRange
}

export type HistoryKind = keyof HistoryRows

export interface HistoryPage<K extends HistoryKind> {
  rows: HistoryRows[K][]
  cursor: string | null
}
