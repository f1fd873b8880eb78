import { QueryClientProvider } from '@tanstack/react-query'
import { render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactNode } from 'react'

import { createApi } from '@/api/api'
import { ApiContext } from '@/api/api-context'
import { createQueryClient } from '@/app/queries'
import { Toaster } from '@/components/ui/sonner'

export const SESSION = { token: () => Promise.resolve('a-token'), signOut: () => Promise.resolve() }

/** Shows something as a signed-in person sees it, and returns their keyboard and mouse. */
export function show(content: ReactNode) {
  const api = createApi(SESSION, () => undefined)
  const client = createQueryClient()
  render(
    <QueryClientProvider client={client}>
      <ApiContext value={api}>{content}</ApiContext>
      <Toaster />
    </QueryClientProvider>,
  )
  return userEvent.setup()
}
