import { ActivityIcon, LogOutIcon, MoonIcon, SunIcon } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { toast } from 'sonner'

import { Button } from '@/components/ui/button'
import { NativeSelect } from '@/components/ui/native-select'
import { cn } from '@/components/ui/cn'
import { chooseLanguage, type Language, LANGUAGES } from '@/i18n/i18n'

import { hrefOf, type Route, ROUTES } from './route'
import { chooseTheme, useTheme } from './theme'

/** `route` is null while nobody is signed in: then there is nowhere to go. */
export function Header({ route, onSignOut }: { route: Route | null; onSignOut?: () => void }) {
  const { t } = useTranslation()
  return (
    <header className="sticky top-0 z-40 border-b bg-background/90 backdrop-blur">
      {route !== null && <SkipLink />}
      <div className="mx-auto flex max-w-4xl flex-wrap items-center gap-x-5 gap-y-1 px-4 py-2">
        <span className="flex items-center gap-2 font-semibold">
          <ActivityIcon aria-hidden className="size-5 text-primary" />
          {t('app.name')}
        </span>
        {route !== null && <Navigation current={route} />}
        <div className="ml-auto flex items-center gap-1">
          <LanguageChoice />
          <ThemeButton />
          {onSignOut !== undefined && (
            <Button
              variant="ghost"
              size="icon"
              aria-label={t('app.signOut')}
              title={t('app.signOut')}
              onClick={onSignOut}
            >
              <LogOutIcon aria-hidden />
            </Button>
          )}
        </div>
      </div>
    </header>
  )
}

function SkipLink() {
  const { t } = useTranslation()
  return (
    <a
      href="#main"
      onClick={(event) => {
        // The fragment is the route's.
        event.preventDefault()
        document.getElementById('main')?.focus()
      }}
      className="sr-only rounded-md bg-card px-3 py-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
    >
      {t('app.skipToContent')}
    </a>
  )
}

function Navigation({ current }: { current: Route }) {
  const { t } = useTranslation()
  return (
    <nav aria-label={t('app.navigation')} className="order-last flex w-full gap-1 sm:order-none sm:w-auto">
      {ROUTES.map((route) => (
        <a
          key={route}
          href={hrefOf(route)}
          aria-current={route === current ? 'page' : undefined}
          className={cn(
            'rounded-md px-3 py-1.5 text-sm font-medium text-muted-foreground outline-none hover:text-foreground focus-visible:ring-[3px] focus-visible:ring-ring/60',
            route === current && 'bg-accent text-accent-foreground',
          )}
        >
          {t(`app.${route}`)}
        </a>
      ))}
    </nav>
  )
}

const LANGUAGE_NAMES: Record<Language, string> = { en: 'English', de: 'Deutsch' }

function LanguageChoice() {
  const { t, i18n } = useTranslation()
  return (
    <NativeSelect
      aria-label={t('app.language')}
      value={i18n.language}
      onChange={({ target }) => {
        chooseLanguage(target.value as Language).catch(() => toast.error(t('errors.no_answer')))
      }}
    >
      {LANGUAGES.map((language) => (
        <option key={language} value={language} lang={language}>
          {LANGUAGE_NAMES[language]}
        </option>
      ))}
    </NativeSelect>
  )
}

function ThemeButton() {
  const { t } = useTranslation()
  const theme = useTheme()
  const other = theme === 'dark' ? 'light' : 'dark'
  const label = t(other === 'dark' ? 'app.theme.toDark' : 'app.theme.toLight')
  return (
    <Button variant="ghost" size="icon" aria-label={label} title={label} onClick={() => chooseTheme(other)}>
      {theme === 'dark' ? <SunIcon aria-hidden /> : <MoonIcon aria-hidden />}
    </Button>
  )
}
