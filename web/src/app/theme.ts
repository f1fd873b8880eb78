import { useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark'

const KEY = 'garmin-sync.theme'
const system = matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

/** The person's choice, else the system's. */
function currentTheme(): Theme {
  const chosen = localStorage.getItem(KEY)
  if (chosen === 'light' || chosen === 'dark') return chosen
  return system.matches ? 'dark' : 'light'
}

/** Before anything is drawn, and whenever the system changes its mind. */
export function startTheme(): void {
  apply()
  system.addEventListener('change', apply)
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme)
  apply()
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, currentTheme)
}

function apply(): void {
  document.documentElement.dataset['theme'] = currentTheme()
  listeners.forEach((listener) => listener())
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
