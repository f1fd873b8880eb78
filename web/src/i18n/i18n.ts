import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'

import en from './locales/en.json'

export const LANGUAGES = ['en', 'de'] as const
export type Language = (typeof LANGUAGES)[number]

const KEY = 'garmin-sync.language'

/** English comes with the page; another language is loaded when somebody reads it. */
const loaders: Record<Exclude<Language, 'en'>, () => Promise<{ default: typeof en }>> = {
  de: () => import('./locales/de.json'),
}

export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: { en: { translation: en } },
    lng: 'en',
    fallbackLng: 'en',
    // React escapes.
    interpolation: { escapeValue: false },
  })
  // A page in English is better than none.
  await changeLanguage(preferredLanguage()).catch(() => undefined)
}

/** Speaks another language from now on, and the next time; fails when it cannot be loaded. */
export async function chooseLanguage(language: Language): Promise<void> {
  await changeLanguage(language)
  localStorage.setItem(KEY, language)
}

async function changeLanguage(language: Language): Promise<void> {
  if (language !== 'en' && !i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', (await loaders[language]()).default)
  }
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
}

function preferredLanguage(): Language {
  const wanted = [localStorage.getItem(KEY), ...navigator.languages]
  for (const name of wanted) {
    const language = LANGUAGES.find((known) => name === known || name?.startsWith(`${known}-`))
    if (language !== undefined) return language
  }
  return 'en'
}
