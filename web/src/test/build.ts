import type { Job, LinkStatus, SyncStatus } from '@/api/types'

export function job(changes: Partial<Job> = {}): Job {
  return {
    id: '0193a000-0000-7000-8000-000000000001',
    status: 'running',
    syncType: 'historical',
    startDate: '2022-01-01',
    endDate: '2023-12-31',
    chunksCompleted: 5,
    chunksTotal: 25,
    percentComplete: 20,
    currentChunkRange: 'Jun 2022 - Jul 2022',
    errorMessage: null,
    failedChunks: [],
    createdAt: '2024-05-01T10:00:00.000Z',
    startedAt: '2024-05-01T10:00:01.000Z',
    completedAt: null,
    updatedAt: '2024-05-01T10:01:00.000Z',
    lastSuccessfulDate: null,
    metricTypes: [],
    pauseReason: null,
    retryAt: null,
    etaSeconds: 200,
    gaps: [],
    ...changes,
  }
}

export function syncStatus(of: Job | null, changes: Partial<SyncStatus> = {}): SyncStatus {
  const hasActiveJob = of !== null && ['pending', 'running', 'paused'].includes(of.status)
  return { hasActiveJob, job: of, lastSuccessfulSync: null, pollAfterMs: hasActiveJob ? 3000 : null, ...changes }
}

export function linkStatus(changes: Partial<LinkStatus> = {}): LinkStatus {
  return {
    isLinked: true,
    lastUpdated: '2024-05-01T08:00:00.000Z',
    tokenExpiresAt: null,
    reauthRequired: false,
    message: 'Garmin Connect is linked.',
    ...changes,
  }
}
