import { describe, expect, it } from 'vitest'

import { job, syncStatus } from '@/test/build'

import { pollAfter } from './polling'

const running = syncStatus(job())
const idle = syncStatus(null)
const NOW = 1_000_000

describe('polling', () => {
  it('follows a job at the pace that the server names, behind another tab too', () => {
    expect(pollAfter({ status: running, silentSince: null }, true, NOW)).toBe(3000)
    expect(pollAfter({ status: running, silentSince: null }, false, NOW)).toBe(3000)
    const waiting = syncStatus(job({ status: 'paused' }), { pollAfterMs: 15_000 })
    expect(pollAfter({ status: waiting, silentSince: null }, true, NOW)).toBe(15_000)
  })

  it('looks for a job started elsewhere only while somebody looks at the page', () => {
    expect(pollAfter({ status: idle, silentSince: null }, true, NOW)).toBe(15_000)
    expect(pollAfter({ status: idle, silentSince: null }, false, NOW)).toBe(false)
    expect(pollAfter({ status: undefined, silentSince: NOW }, false, NOW)).toBe(false)
  })

  it('asks a silent server less and less often, and never gives up', () => {
    const waits: number[] = []
    let now = NOW
    for (let asked = 0; asked < 8; asked++) {
      const wait = pollAfter({ status: running, silentSince: NOW }, true, now)
      if (wait === false) throw new Error('gave up')
      waits.push(wait)
      now += wait
    }
    expect(waits).toEqual([3000, 3000, 6000, 12_000, 24_000, 48_000, 60_000, 60_000])
  })
})
