import { hasEmail } from './account.ts'
import type { Client } from './client.ts'
import type { Member } from './wire.ts'

/**
 * Ids of all members, invited ones included, whose e-mail is this one, letter case aside. `email:` finds members by
 * every address of theirs, but invitations only in the spelling that they were made with; free text finds those.
 */
export async function findByEmail(client: Client, email: string): Promise<readonly string[]> {
  const wanted = email.trim()
  if (wanted === '') return []
  if (/[\s"]/.test(wanted)) return matching(client, wanted, undefined)
  const exact = await matching(client, wanted, `email:${wanted.toLowerCase()}`)
  return exact.length > 0 ? exact : matching(client, wanted, wanted.toLowerCase())
}

/** The vendor's search is a help, not a judge: the match is made here. */
async function matching(
  client: Client,
  email: string,
  query: string | undefined,
): Promise<readonly string[]> {
  const found: Member[] = []
  for await (const member of client.members('find', query)) {
    if (hasEmail(member, email)) found.push(member)
  }
  return [...new Set(found.map(({ id }) => id))]
}
