import { isToday, parse } from 'date-fns'
import { enUS } from 'date-fns/locale/en-US'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'

import { type CalendarDate, toDate } from './calendar'

export interface Format {
  day: (day: CalendarDate) => string
  dayRange: (start: CalendarDate, end: CalendarDate) => string
  month: (day: CalendarDate) => string
  dayAndMonth: (day: CalendarDate) => string
  instant: (instant: string) => string
  /** The time alone for a moment of today. */
  time: (instant: string) => string
  number: (value: number, fractionDigits?: number) => string
  percent: (percent: number) => string
  monthsOfChunk: (label: string) => string
}

/** Dates and numbers as the person's language writes them. */
export function useFormat(): Format {
  const { i18n } = useTranslation()
  return useMemo(() => formatIn(i18n.language), [i18n.language])
}

function formatIn(language: string): Format {
  const locale = localeOf(language)
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' })
  const month = new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric' })
  const dayAndMonth = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })
  const instant = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'short' })
  const percent = new Intl.NumberFormat(locale, { style: 'percent' })
  return {
    day: (date) => day.format(toDate(date)),
    dayRange: (start, end) => day.formatRange(toDate(start), toDate(end)),
    month: (date) => month.format(toDate(date)),
    dayAndMonth: (date) => dayAndMonth.format(toDate(date)),
    instant: (moment) => instant.format(new Date(moment)),
    time: (moment) => (isToday(moment) ? time : instant).format(new Date(moment)),
    number: (value, fractionDigits = 0) =>
      new Intl.NumberFormat(locale, { maximumFractionDigits: fractionDigits }).format(value),
    percent: (value) => percent.format(value / 100),
    // The server says `Jan 2022 - Feb 2022`, in English; what is not of that form is shown as it came.
    monthsOfChunk: (label) => {
      const dates = label.split(' - ').map((text) => parse(text, 'MMM yyyy', new Date(0), { locale: enUS }))
      if (dates.some((date) => Number.isNaN(date.getTime()))) return label
      return dates.map((date) => month.format(date)).join(' - ')
    },
  }
}

/** The browser's own variant of the language, if it has one: an Austrian's German, a Briton's English. */
function localeOf(language: string): string {
  return navigator.languages.find((name) => name === language || name.startsWith(`${language}-`)) ?? language
}
