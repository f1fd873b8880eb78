import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'

import { useApi } from '@/api/api-context'
import type { HistoryKind, HistoryPage, HistoryRows } from '@/api/types'
import { KEYS } from '@/app/queries'

import type { DayRange } from './range'

/** The rows of one kind in a range, page after page: what has come can be shown while the rest is on its way. */
export function useHistory<K extends HistoryKind>(kind: K, range: DayRange, fields: readonly string[] = []) {
  const api = useApi()
  const { data, hasNextPage, isFetching, isError, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: [KEYS.history, kind, range, fields],
    queryFn: ({ pageParam, signal }) => api.history({ kind, range, fields, cursor: pageParam, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page: HistoryPage<K>) => page.cursor,
    // What arrived changes when a job moves, and then this is asked again.
    staleTime: Infinity,
  })

  useEffect(() => {
    // Several charts share a query, and each asks: without the option each would cancel what another began.
    if (hasNextPage && !isFetching && !isError) void fetchNextPage({ cancelRefetch: false })
  }, [hasNextPage, isFetching, isError, fetchNextPage])

  const rows = useMemo(() => data?.pages.flatMap((page): HistoryRows[K][] => page.rows), [data])
  return {
    /** Undefined until the first page is there. */
    rows,
    isComplete: data !== undefined && !hasNextPage,
    isError,
    retry: () => void (data === undefined ? refetch() : fetchNextPage()),
  }
}
