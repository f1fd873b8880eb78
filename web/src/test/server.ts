import { http, HttpResponse, type JsonBodyType } from 'msw'
import { setupServer } from 'msw/node'

export const server = setupServer()

const API = '*/integrations/garmin'

/** From now on the API answers this to a GET. */
export function answersGet(
  path: string,
  body: JsonBodyType,
  init?: { status?: number; headers?: Record<string, string> },
) {
  server.use(http.get(API + path, () => HttpResponse.json(body, init)))
}

/** From now on the API answers this to a POST; the bodies of the requests are returned as they come. */
export function answersPost(path: string, body: JsonBodyType, init?: { status?: number }): unknown[] {
  const asked: unknown[] = []
  server.use(
    http.post(API + path, async ({ request }) => {
      asked.push(await request.json())
      return HttpResponse.json(body, init)
    }),
  )
  return asked
}

/** From now on nothing is there to answer. */
export function isGone(path: string) {
  server.use(http.all(API + path, () => HttpResponse.error()))
}
