import { fireEvent, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { Dialog, DialogContent } from '@/components/ui/dialog'
import { show } from '@/test/render'
import { answersGet, answersPost } from '@/test/server'

import { HistoricalImportForm } from './HistoricalImportForm'

const onDone = vi.fn()
const STARTED = { status: 'started', jobId: 'j', chunksTotal: 13, estimatedMinutes: 4, message: 'Starting' }

function showForm() {
  return show(
    <Dialog open>
      <DialogContent closeLabel="Close" aria-describedby={undefined}>
        <HistoricalImportForm onDone={onDone} />
      </DialogContent>
    </Dialog>,
  )
}

const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })

beforeEach(() => {
  onDone.mockReset()
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2024-03-30T23:30:00Z') })
  answersGet('/sync/estimate', { days: 366, chunks: 13, minutes: 4 })
})
afterEach(() => vi.useRealTimers())

it('ends today by the calendar of the person, who is past midnight before UTC is', () => {
  showForm()
  expect(screen.getByLabelText('End Date')).toHaveValue('2024-03-31')
  expect(screen.getByLabelText('End Date')).toHaveAttribute('max', '2024-03-31')
  expect(screen.getByLabelText('Start Date')).toHaveValue('2023-03-31')
})

it('shows the estimate of the server', async () => {
  showForm()
  expect(await screen.findByText('366 days (13 chunks) - approximately 4 minutes')).toBeVisible()
})

it('says one minute as one minute', async () => {
  answersGet('/sync/estimate', { days: 1, chunks: 1, minutes: 1 })
  showForm()
  expect(await screen.findByText('1 day (1 chunk) - approximately 1 minute')).toBeVisible()
})

it('sends the range, the zone and, for all data, no names', async () => {
  const asked = answersPost('/sync/historical', STARTED)
  const user = showForm()
  await user.click(screen.getByRole('button', { name: 'Last 2 Years' }))
  await user.click(screen.getByRole('button', { name: 'Start Import' }))
  expect(await screen.findByText('Importing 13 chunks (est. 4 min)')).toBeVisible()
  expect(asked).toEqual([
    { startDate: '2022-03-31', endDate: '2024-03-31', metricTypes: [], timeZone: 'Europe/Berlin' },
  ])
  expect(onDone).toHaveBeenCalledOnce()
})

it('sends the names of the data that is chosen', async () => {
  const asked = answersPost('/sync/historical', STARTED)
  const user = showForm()
  await user.click(screen.getByText('Data: All data'))
  await user.click(screen.getByRole('button', { name: 'Choose none' }))
  expect(screen.getByText('Choose at least one kind of data.')).toBeVisible()
  await user.click(screen.getByRole('checkbox', { name: 'Sleep' }))
  await user.click(screen.getByRole('button', { name: 'Start Import' }))
  await screen.findByText('Historical Import Started')
  expect(asked).toMatchObject([{ metricTypes: ['sleep'] }])
})

it('shows a mistake beside its field, puts the keyboard there and sends nothing', async () => {
  const asked = answersPost('/sync/historical', STARTED)
  const user = showForm()
  type('End Date', '2024-04-01')
  expect(screen.getByLabelText('End Date')).toHaveAccessibleDescription('The end must not be in the future.')
  await user.click(screen.getByRole('button', { name: 'Start Import' }))
  expect(screen.getByLabelText('End Date')).toHaveFocus()
  expect(asked).toEqual([])
})

it("shows the server's refusal beside the field that it is about, until that changes", async () => {
  answersPost('/sync/historical', { error: 'endDate cannot be in the future', code: 'end_in_future' }, { status: 400 })
  const user = showForm()
  await user.click(screen.getByRole('button', { name: 'Start Import' }))
  expect(await screen.findByText('endDate cannot be in the future')).toBeVisible()
  expect(screen.getByLabelText('End Date')).toBeInvalid()
  type('End Date', '2024-03-30')
  expect(screen.getByLabelText('End Date')).toBeValid()
  expect(onDone).not.toHaveBeenCalled()
})
