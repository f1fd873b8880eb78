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
