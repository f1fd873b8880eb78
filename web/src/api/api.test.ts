import { http, HttpResponse } from 'msw'
import { expect, it, vi } from 'vitest'

import { job, syncStatus } from '@/test/build'
import { SESSION } from '@/test/render'
import { answersGet, isGone, server } from '@/test/server'

import { createApi } from './api'
import { ApiError, isPassing, NoAnswerError } from './errors'

const api = (onUnauthorized: () => void = () => undefined) => createApi(SESSION, onUnauthorized)

it('asks for the status with the ETag it knows, and an unchanged one is the same object', async () => {
  const known: (string | null)[] = []
  server.use(
    http.get('*/sync/status', ({ request }) => {
      known.push(request.headers.get('If-None-Match'))
      return known.length === 1
        ? HttpResponse.json(syncStatus(job()), { headers: { ETag: '"one"' } })
        : new HttpResponse(null, { status: 304 })
    }),
  )
  const { syncStatus: status } = api()
  const first = await status()
  expect(await status()).toBe(first)
  expect(known).toEqual([null, '"one"'])
})

it('gives every start a key of its own', async () => {
  const keys = new Set<string | null>()
  server.use(
    http.post('*/sync/incremental', ({ request }) => {
      keys.add(request.headers.get('Idempotency-Key'))
      return HttpResponse.json({ status: 'up_to_date', message: '' })
    }),
  )
  const { startIncremental } = api()
  await startIncremental()
  await startIncremental()
  expect(keys.size).toBe(2)
  for (const key of keys) expect(key).toMatch(/^[\x21-\x7e]{1,64}$/)
})

it('tells a refusal, a passing failure and no answer apart', async () => {
  answersGet('/status', { error: 'Job not found', code: 'job_not_found' }, { status: 404 })
  const refused: unknown = await api()
    .linkStatus()
    .catch((error: unknown) => error)
  expect(refused).toMatchObject({ status: 404, code: 'job_not_found', message: 'Job not found' })
  expect(isPassing(refused)).toBe(false)

  server.use(http.get('*/status', () => new HttpResponse('<html>', { status: 502 })))
  const broken: unknown = await api()
    .linkStatus()
    .catch((error: unknown) => error)
  expect(broken).toBeInstanceOf(ApiError)
  expect(isPassing(broken)).toBe(true)

  isGone('/status')
  await expect(api().linkStatus()).rejects.toBeInstanceOf(NoAnswerError)
})

it('says when the token is no longer taken', async () => {
  answersGet('/status', { message: 'Unauthorized' }, { status: 401 })
  const onUnauthorized = vi.fn()
  await expect(api(onUnauthorized).linkStatus()).rejects.toMatchObject({ status: 401, message: 'Unauthorized' })
  expect(onUnauthorized).toHaveBeenCalledOnce()
})

it('finds the rest of a CSV behind its Link header', async () => {
  server.use(
    http.get('*/history/daily', ({ request }) => {
      const { searchParams } = new URL(request.url)
      expect(searchParams.get('format')).toBe('csv')
      const headers = { Link: '</integrations/garmin/history/daily?cursor=a%2Bb&from=x>; rel="next"' }
      return new HttpResponse('date\n', { headers: searchParams.has('cursor') ? {} : headers })
    }),
  )
  const query = { kind: 'daily', range: { from: '2024-01-01', to: '2024-01-31' }, cursor: null } as const
  const first = await api().historyCsv(query)
  expect(first).toEqual({ csv: 'date\n', cursor: 'a+b' })
  expect(await api().historyCsv({ ...query, cursor: first.cursor })).toEqual({ csv: 'date\n', cursor: null })
})
