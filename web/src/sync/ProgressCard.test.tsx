import { cleanup, screen } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { Job } from '@/api/types'
import { job } from '@/test/build'
import { show } from '@/test/render'
import { answersPost } from '@/test/server'

import { ProgressCard } from './ProgressCard'

const onDismiss = vi.fn()
const showJob = (changes: Partial<Job>) => show(<ProgressCard job={job(changes)} onDismiss={onDismiss} />)
const buttons = () => screen.getAllByRole('button').map((button) => button.textContent)

beforeEach(() => onDismiss.mockReset())
afterEach(() => vi.useRealTimers())

describe('the words of each state', () => {
  it.each<[Partial<Job>, string, string[]]>([
    [{ status: 'pending' }, 'Starting...', ['Pause', 'Cancel']],
    [{ status: 'running' }, 'Syncing Jun 2022 - Jul 2022...', ['Pause', 'Cancel']],
    [{ status: 'running', currentChunkRange: null }, 'Syncing...', ['Pause', 'Cancel']],
    [{ status: 'paused', pauseReason: 'user' }, 'Paused', ['Resume', 'Cancel']],
    [{ status: 'completed', percentComplete: 100 }, 'Sync complete', ['Dismiss']],
    [{ status: 'cancelled' }, 'Cancelled', ['Dismiss']],
    [{ status: 'failed', errorMessage: '2 of 25 chunks failed' }, '2 of 25 chunks failed', ['Resume', 'Dismiss']],
    [{ status: 'failed' }, 'Sync failed', ['Resume', 'Dismiss']],
  ])('%j', (changes, text, expected) => {
    showJob(changes)
    expect(screen.getByText(text)).toBeVisible()
    expect(buttons()).toEqual(expected)
  })
})

it('shows how far it is, what is left, and from when to when', () => {
  showJob({})
  expect(screen.getByRole('progressbar', { name: 'Progress of the import' })).toHaveAttribute('aria-valuenow', '20')
  expect(screen.getByText('20%')).toBeVisible()
  expect(screen.getByText('5 / 25 chunks · about 3 minutes left')).toBeVisible()
  expect(screen.getByRole('heading', { name: 'Historical Import' })).toBeVisible()
  expect(screen.getByText(/Jan 1, 2022.*Dec 31, 2023/)).toBeVisible()
})

it('tells a screen reader of quarters, not of every percent', () => {
  showJob({ percentComplete: 61 })
  expect(screen.getByRole('status')).toHaveTextContent('Historical Import: Syncing... 50%')
})

it('says what a paused job waits for and until when', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2024-05-01T10:00:00Z') })
  showJob({ status: 'paused', pauseReason: 'throttled', retryAt: '2024-05-01T10:30:00.000Z' })
  expect(screen.getByText('Garmin asks for a break. Goes on by itself at 12:30 PM.')).toBeVisible()
  cleanup()
  // Another day already on the person's clock, though not in UTC.
  showJob({ status: 'paused', pauseReason: 'throttled', retryAt: '2024-05-01T22:30:00.000Z' })
  expect(screen.getByText(/Goes on by itself at May 2, 2024.*12:30 AM\.$/)).toBeVisible()
})

it('makes gaps and failed chunks readable', () => {
  showJob({
    status: 'failed',
    failedChunks: [{ start: '2022-03-01', end: '2022-03-30', error: 'Garmin answered 500' }],
    gaps: [{ metric: 'hrv', start: '2022-01-01', end: '2022-01-02', reason: 'refused' }],
  })
  expect(screen.getByText('1 chunk failed - will retry on resume')).toBeVisible()
  expect(screen.getByText(/Garmin answered 500/).closest('li')).toHaveTextContent(
    /Mar 1.*30, 2022: Garmin answered 500/,
  )
  expect(screen.getByText('Heart rate variability').parentElement).toHaveTextContent(/refuses/)
})

it('pauses, resumes and cancels the job that it shows', async () => {
  const paused = answersPost('/sync/pause', { status: 'paused', jobId: job().id })
  const cancelled = answersPost('/sync/cancel', { status: 'cancelled', jobId: job().id })
  const user = showJob({})
  await user.click(screen.getByRole('button', { name: 'Pause' }))
  expect(await screen.findByText('Sync Paused')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Cancel' }))
  expect(await screen.findByText('Sync Cancelled')).toBeVisible()
  expect([paused, cancelled]).toEqual([[{ jobId: job().id }], [{ jobId: job().id }]])
})

it('says why something could not be done, in the words of its code', async () => {
  const status = { status: 409 }
  answersPost('/sync/cancel', { error: 'Cannot cancel job with status: completed', code: 'cannot_cancel' }, status)
  const user = showJob({})
  await user.click(screen.getByRole('button', { name: 'Cancel' }))
  expect(await screen.findByText('Failed to cancel: This job cannot be cancelled any more.')).toBeVisible()
})

it('stays until it is dismissed', async () => {
  const user = showJob({ status: 'completed' })
  await user.click(screen.getByRole('button', { name: 'Dismiss' }))
  expect(onDismiss).toHaveBeenCalledOnce()
})
