import { screen, waitFor } from '@testing-library/react'
import { expect, it } from 'vitest'

import { linkStatus, syncStatus } from '@/test/build'
import { show } from '@/test/render'
import { answersGet, answersPost } from '@/test/server'

import { LinkCard } from './LinkCard'

function showLink(changes: Parameters<typeof linkStatus>[0]) {
  answersGet('/status', linkStatus(changes))
  answersGet('/sync/status', syncStatus(null))
  return show(<LinkCard lastSuccessfulSync="2024-04-30" />)
}

const NOT_LINKED = { isLinked: false, lastUpdated: null }

it('asks for the code that Garmin sends, lets a wrong one be corrected, and is linked then', async () => {
  const user = showLink(NOT_LINKED)
  answersPost('/login', { status: 'needs_mfa', client_state: 'the-state' })
  await user.type(await screen.findByLabelText('Email'), 'ann@example.org')
  await user.type(screen.getByLabelText('Password'), 'secret{Enter}')

  const code = await screen.findByLabelText('Code')
  expect(code).toHaveFocus()
  answersPost('/resume_login', { error: 'No', code: 'wrong_mfa_code' }, { status: 400 })
  await user.type(code, '000000{Enter}')
  expect(await screen.findByText('Garmin does not accept this code. Please try again.')).toBeVisible()

  const asked = answersPost('/resume_login', { status: 'success' })
  answersGet('/status', linkStatus())
  // The wrong one is selected: typing replaces it.
  await user.keyboard('123456{Enter}')
  expect(await screen.findByText('Linked')).toBeVisible()
  expect(asked).toEqual([{ client_state: 'the-state', mfa_code: '123456' }])
  expect(screen.getByText('Apr 30, 2024')).toBeVisible()
})

it('does not send half a sign-in', async () => {
  const user = showLink(NOT_LINKED)
  const asked = answersPost('/login', {})
  await user.type(await screen.findByLabelText('Email'), 'ann@example.org{Enter}')
  await waitFor(() => expect(screen.getByLabelText('Password')).toHaveFocus())
  expect(screen.getByLabelText('Password')).toHaveAccessibleDescription(/Enter your password/)
  expect(asked).toEqual([])
})

it('links with pasted tokens', async () => {
  const user = showLink(NOT_LINKED)
  await user.click(await screen.findByRole('tab', { name: 'Paste tokens' }))
  const asked = answersPost('/link', { status: 'success' })
  await user.click(screen.getByLabelText('Tokens'))
  await user.paste('{"di_token":"a","di_refresh_token":"b","di_client_id":"c"}')
  await user.click(screen.getByRole('button', { name: 'Link' }))
  expect(await screen.findByText('Garmin is linked')).toBeVisible()
  expect(asked).toEqual([{ tokens: { di_token: 'a', di_refresh_token: 'b', di_client_id: 'c' } }])
})

it('erases data only when that is ticked, each time anew', async () => {
  const user = showLink({})
  const asked = answersPost('/unlink', { success: true, message: '' })
  await user.click(await screen.findByRole('button', { name: 'Unlink' }))
  await user.click(screen.getByRole('checkbox', { name: /Also erase/ }))
  await user.click(screen.getByRole('button', { name: 'Keep the link' }))
  await user.click(screen.getByRole('button', { name: 'Unlink' }))
  expect(screen.getByRole('checkbox', { name: /Also erase/ })).not.toBeChecked()
  await user.click(screen.getByRole('button', { name: 'Unlink' }))
  await waitFor(() => expect(asked).toEqual([{ deleteData: false }]))
})

it('offers a new sign-in when Garmin wants one', async () => {
  const user = showLink({ reauthRequired: true })
  expect(await screen.findByText('Sign-in needed')).toBeVisible()
  await user.click(screen.getByRole('button', { name: 'Sign in again' }))
  expect(screen.getByLabelText('Email')).toBeVisible()
})
