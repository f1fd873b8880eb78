import { skipToken, useQuery } from '@tanstack/react-query'

import type { Range } from '@/api/api'
import { useApi } from '@/api/api-context'
import { KEYS } from '@/app/queries'

/** What the server thinks an import of this range amounts to; null asks nothing. */
export function useEstimate(range: Range | null) {
  const api = useApi()
  return useQuery({
    queryKey: [KEYS.estimate, range],
    queryFn: range === null ? skipToken : ({ signal }) => api.estimate(range, signal),
    // Until the day is over it stays the same.
    staleTime: 60_000,
  })
}
