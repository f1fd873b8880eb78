/** An answer of the API that says no. `code` is the contract's; `message` is the server's sentence, in English. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

/** No answer at all: offline, a server that is gone, a connection that broke. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
}

/** Whether asking again later may well succeed: nothing that was asked is at fault. */
export function isPassing(error: unknown): boolean {
  return error instanceof NoAnswerError || (error instanceof ApiError && (error.status >= 500 || error.status === 429))
}

export async function readError(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null)
  const text = (field: string) => {
    const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, field) : undefined
    return typeof value === 'string' ? value : undefined
  }
  // API Gateway's own answers, such as its 401 and 429, have `message` and no code.
  const message = text('error') ?? text('message') ?? response.statusText
  return new ApiError(response.status, text('code') ?? `http_${response.status}`, message)
}
