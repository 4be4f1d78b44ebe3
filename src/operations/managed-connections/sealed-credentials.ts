import type { ConnectionConfig } from '../../model/configuration.ts'
import type { Secrets } from '../../secrets/keyring.ts'

type Kept = Pick<ConnectionConfig, 'credentials' | 'credentialsEndAt'>

/** What is sealed: when they end goes with the credentials that it is said of. */
export const toSealed = ({ credentials, credentialsEndAt }: Kept): Secrets => ({
  ...credentials,
  ...(credentialsEndAt === undefined ? {} : { expiresAt: credentialsEndAt }),
})

export function fromSealed({ expiresAt, ...credentials }: Secrets): Kept {
  return { credentials, ...(expiresAt === undefined ? {} : { credentialsEndAt: expiresAt }) }
}
