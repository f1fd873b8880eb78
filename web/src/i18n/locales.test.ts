import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

import { METRIC_GROUPS } from '@/sync/metrics'

import de from './locales/de.json'
import en from './locales/en.json'

function texts(node: object, path = ''): Map<string, string> {
  return new Map(
    Object.entries(node).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'string' ? [[path + key, value] as const] : [...texts(value as object, `${path}${key}.`)],
    ),
  )
}

const variables = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort()

it('every language says everything', () => {
  expect([...texts(de).keys()]).toEqual([...texts(en).keys()])
})

it('a translation uses what the text is given', () => {
  const german = texts(de)
  for (const [key, text] of texts(en)) {
    // The server's sentence is English; the German text says the same with the number of chunks.
    if (key === 'toast.syncStartedText') continue
    expect(variables(german.get(key) ?? ''), key).toEqual(variables(text))
  }
})

it('every kind of data has a place in the choice and a name', () => {
  expect(Object.values(METRIC_GROUPS).flat().sort()).toEqual(Object.keys(en.metrics).sort())
})

/** Codes for mistakes that a program makes, and this page does not: it would show the server's own words. */
const MISTAKES_OF_A_PROGRAM = [
  'idempotency_key_reused',
  'invalid_body',
  'invalid_cursor',
  'invalid_field',
  'invalid_idempotency_key',
  'invalid_json',
  'invalid_limit',
  'job_id_required',
  'method_not_allowed',
  'not_found',
  'tokens_required',
  'unknown_field',
  'unknown_format',
  'unknown_metric_type',
  'unknown_time_zone',
  'unsupported_media_type',
]

it('every code that a person can meet has a text', () => {
  const description = JSON.parse(readFileSync('../docs/openapi.json', 'utf8')) as {
    components: { schemas: { ErrorCode: { enum: string[] } } }
  }
  const told = Object.keys(en.errors).filter((code) => code !== 'unknown' && code !== 'no_answer')
  expect([...told, ...MISTAKES_OF_A_PROGRAM].sort()).toEqual(description.components.schemas.ErrorCode.enum.toSorted())
})
