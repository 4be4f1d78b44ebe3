import type { ExplainedPerson } from '../../provisioning/explain/explain.ts'
import { explanationLines } from '../../translators/explain/words.ts'
import { exitCodes, type ExitCode } from '../exit-codes.ts'
import type { Client } from '../operate/client.ts'
import type { Output } from '../output.ts'

export interface ExplainOptions {
  readonly directory?: string
  readonly connection?: string
  readonly withoutGroup?: readonly string[]
  readonly withGroup?: readonly string[]
  readonly json?: boolean
  readonly url?: string
}

/** Shows why a person has what they have, out of the store alone. */
export async function explain(
  userName: string,
  { directory, connection, withoutGroup = [], withGroup = [], json }: ExplainOptions,
  client: Client,
  output: Output,
): Promise<ExitCode> {
  const path = `/people/${encodeURIComponent(userName)}/explanation`
  const { items: people } = await client.call<{ items: readonly ExplainedPerson[] }>('POST', path, {
    ...(directory === undefined ? {} : { directory }),
    ...(connection === undefined ? {} : { connection }),
    without: withoutGroup,
    with: withGroup,
  })
  if (json) output.json({ userName, people })
  else for (const line of people.flatMap((person) => lines(person, output))) output.line(line)
  if (people.length > 0) return exitCodes.ok
  output.problem(`Nobody has the userName ${userName}.`)
  return exitCodes.failed
}

function lines(person: ExplainedPerson, { paint }: Output): readonly string[] {
  const state = person.deleted ? 'deleted' : person.active ? 'active' : 'not active'
  return [
    `${paint('bold', person.userName)} in directory ${person.directory}: ${state}`,
    ...person.connections.flatMap((each) => ['', ...explanationLines(each)]),
  ]
}
