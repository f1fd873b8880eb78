import { useState } from 'react'

import { CredentialsForm } from './CredentialsForm'
import { MfaForm } from './MfaForm'

/** Email and password, and the code when Garmin wants one. */
export function SignInForms() {
  const [clientState, setClientState] = useState<string | null>(null)
  return clientState === null ? (
    <CredentialsForm onMfa={setClientState} />
  ) : (
    <MfaForm clientState={clientState} onBack={() => setClientState(null)} />
  )
}
