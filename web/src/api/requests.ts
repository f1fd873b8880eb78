import type { Session } from '@/auth/session'

import { ApiError, NoAnswerError, readError } from './errors'

/** Sends requests as the session's user. Whatever is no answer to use, is thrown: refusals, silence, a token that is gone. */
export function requests(session: Session, onUnauthorized: () => void) {
  return async (request: Request): Promise<Response> => {
    const token = await session.token()
    if (token === null) {
      onUnauthorized()
      throw new ApiError(401, 'unauthorized', 'Unauthorized')
    }
    request.headers.set('Authorization', `Bearer ${token}`)
    const response = await fetch(request, { cache: 'no-store' }).catch((error: unknown) => {
      if (request.signal.aborted) throw error
      throw new NoAnswerError('the server does not answer', { cause: error })
    })
    if (response.ok || response.status === 304) return response
    if (response.status === 401) onUnauthorized()
    throw await readError(response)
  }
}
