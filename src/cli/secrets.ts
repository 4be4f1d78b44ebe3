import type { Output } from './output.ts'
import { oneOf } from './names.ts'
import { when } from './table.ts'

/** What stands for a secret that was shown once: a token of an identity provider, or of an operator. */
export interface SecretSummary {
  readonly id: string
  readonly name: string
  readonly hint: string
  readonly state: string
  readonly createdAt: string
  readonly expiresAt?: string
  readonly lastUsedAt?: string
}

export interface CreatedSecret extends SecretSummary {
  readonly secret: string
}

/** The last columns of a list of them. */
export const lifeColumns = {
  CREATED: ({ createdAt }: SecretSummary) => when(createdAt),
  EXPIRES: ({ expiresAt }: SecretSummary) => when(expiresAt),
  'LAST USED': ({ lastUsedAt }: SecretSummary) => when(lastUsedAt),
}

/** For the body of a request; seconds. */
export const lifetime = (seconds: number | undefined): { readonly expiresInSeconds?: number } =>
  seconds ? { expiresInSeconds: seconds } : {}

export const liveOne = <T extends SecretSummary>(what: string, among: readonly T[], named: string): T =>
  oneOf(
    `live ${what}`,
    among.filter(({ state }) => state === 'live'),
    named,
  )

/** The only time that the secret is seen. */
export function showCreatedSecret(
  output: Output,
  json: boolean | undefined,
  made: CreatedSecret,
  words: string,
): void {
  if (json) return output.json(made)
  output.line(`${words}${made.expiresAt ? `, expires ${when(made.expiresAt)}` : ''}`)
  output.line(made.secret)
  output.line('Copy the secret now: it will not be shown again.')
}
