import type { Capabilities, ProfileChange, Receipt } from '../../contract.ts'
import type { FalconClient, FalconUserChange } from '../client/client.ts'
import { failure } from '../errors.ts'
import { nameToWrite } from './names.ts'
import { usersOf } from './users.ts'

/** One PATCH, with both names where the profile wants them together. */
export async function updateUser(
  client: FalconClient,
  can: Capabilities,
  id: string,
  change: ProfileChange,
): Promise<Receipt> {
  const login = change.email?.toLowerCase()
  if (login !== undefined && can.attributes.email?.mutability !== 'readWrite') {
    throw failure('unsupported', 'update', 'the e-mail address of a Falcon user is fixed')
  }
  const names = { givenName: nameToWrite(change.givenName), familyName: nameToWrite(change.familyName) }
  if (login === undefined && names.givenName === undefined && names.familyName === undefined) return {}

  const paired = can.updateTogether ? await withBoth(client, id, names) : names
  const { empty, ...receipt } = await client.update(id, { login, ...paired })
  if (empty) await mustExist(client, id)
  return receipt
}

/** Falcon refuses a single name: the other one is written back as it is. */
async function withBoth(
  client: FalconClient,
  id: string,
  names: FalconUserChange,
): Promise<FalconUserChange> {
  if (names.givenName !== undefined && names.familyName !== undefined) return names
  const held = await mustExist(client, id)
  return {
    givenName: names.givenName ?? nameToWrite(held.givenName ?? null),
    familyName: names.familyName ?? nameToWrite(held.familyName ?? null),
  }
}

async function mustExist(client: FalconClient, id: string) {
  const [user] = await usersOf(client, 'update', [id])
  if (user === undefined) throw failure('not-found', 'update', 'there is no such user any more')
  return user
}
