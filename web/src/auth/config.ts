/** How people sign in here, as `/config.json` says it: `garmin-sync serve` answers it, Terraform writes it in the cloud. */
export type AuthConfig =
  | { kind: 'token' }
  /** `audience` for issuers that give tokens for an API only to who names it, as Auth0 does. */
  | { kind: 'oidc'; issuer: string; clientId: string; scope: string; audience?: string }
  | { kind: 'none' }

class ConfigError extends Error {}

export async function fetchAuthConfig(): Promise<AuthConfig> {
  const response = await fetch('/config.json', { cache: 'no-store' })
  if (!response.ok) throw new ConfigError(`config.json: ${response.status}`)
  return readAuthConfig(await response.json())
}

export function readAuthConfig(config: unknown): AuthConfig {
  const auth = isObject(config) ? config['auth'] : undefined
  if (!isObject(auth)) throw new ConfigError('config.json has no "auth"')
  switch (auth['kind']) {
    case 'token':
    case 'none':
      return { kind: auth['kind'] }
    case 'oidc': {
      const { issuer, clientId, scope, audience } = auth
      if (typeof issuer !== 'string' || typeof clientId !== 'string' || typeof scope !== 'string') {
        throw new ConfigError('"auth" of kind "oidc" needs issuer, clientId and scope')
      }
      if (audience === undefined) return { kind: 'oidc', issuer, clientId, scope }
      if (typeof audience !== 'string') throw new ConfigError('"audience" has to be text')
      return { kind: 'oidc', issuer, clientId, scope, audience }
    }
    default:
      throw new ConfigError('config.json has an unknown kind of "auth"')
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
