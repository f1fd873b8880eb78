/** Who the page acts for, however that was found out. */
export interface Session {
  /** A bearer token that is valid now; null once there is none without signing in again. */
  token: () => Promise<string | null>
  /** Forgets the token here and, where the issuer keeps a session, there. */
  signOut: () => Promise<void>
}
