import type { ClientProfile } from '../model/directory.ts'

/** Where the clients contradict each other or the RFC; one switch per difference. */
export interface ClientSwitches {
  /** `"True"` and `"false"` count as booleans, in bodies and in filters. */
  readonly stringBooleans: boolean
  /** `replace` on a value filter that matches nothing makes the element, or is refused with `noTarget`. */
  readonly replaceUnmatched: 'create' | 'no-target'
  /**
   * What clients write in other shapes than the schema's is understood: texts for objects, lists of one, objects for
   * texts, JSON as text, extension attributes without their URN, unquoted filter literals, bare-string members.
   */
  readonly lenient: boolean
  /** Member ids that are no Users: left out and remembered, or refused with `invalidValue`. */
  readonly unknownMembers: 'park' | 'refuse'
  /** A second Group of the same displayName is refused with `uniqueness`, as Entra demands. */
  readonly uniqueGroupNames: boolean
  /** PATCH of a Group answers 200 with the Group, 204, or by the number of members. */
  readonly groupPatchAnswer: 'body' | 'by-size' | 'empty'
  /** What a client hears that is to ask again later. Okta does so by itself after 429 only, others after 503. */
  readonly retryStatus: 429 | 503
  /** A Group without members is shown with `members: []`, which some clients read without looking whether it is there. */
  readonly emptyMembers: boolean
  /** The path of a PATCH that names no attribute of the resource type is ignored, or refused with `invalidPath`. */
  readonly unknownPaths: 'ignore' | 'refuse'
  /** An `id` inside a PATCH without path must be the resource's own. */
  readonly ownIdOnly: boolean
  /** `schemas` must name the resource type's core URN. */
  readonly coreSchemaRequired: boolean
}

const unknownClient: ClientSwitches = {
  stringBooleans: true,
  replaceUnmatched: 'create',
  lenient: true,
  unknownMembers: 'park',
  // It may be Entra, and no request of Okta needs equal names: it looks a name up before it creates.
  uniqueGroupNames: true,
  groupPatchAnswer: 'by-size',
  retryStatus: 503,
  emptyMembers: true,
  unknownPaths: 'ignore',
  ownIdOnly: false,
  coreSchemaRequired: false,
}

const profiles: Readonly<Record<ClientProfile, ClientSwitches>> = Object.freeze({
  auto: Object.freeze(unknownClient),
  okta: Object.freeze({ ...unknownClient, uniqueGroupNames: false, retryStatus: 429 as const }),
  entra: Object.freeze({ ...unknownClient, groupPatchAnswer: 'empty' as const }),
  rfc: Object.freeze({
    stringBooleans: false,
    replaceUnmatched: 'no-target' as const,
    lenient: false,
    unknownMembers: 'refuse' as const,
    uniqueGroupNames: false,
    groupPatchAnswer: 'body' as const,
    retryStatus: 503 as const,
    emptyMembers: false,
    unknownPaths: 'refuse' as const,
    ownIdOnly: true,
    coreSchemaRequired: true,
  }),
})

export function switchesOf(client: ClientProfile): ClientSwitches {
  return profiles[client]
}
