import type { ScimCode } from '../../scim/errors.ts'
import type { Words } from '../entry.ts'

/** Refusals of the service provider: by `scimType`, and by situation where the standard has no type. */
export const scimEntries = {
  invalidFilter: {
    means: '400. The filter cannot be read, compares what cannot be compared, or is too large.',
    todo: 'Correct it as the detail says; it names the place.',
  },
  tooMany: {
    means: '400. The list would need more than can be looked through for one answer.',
    todo: 'Add something to the filter that narrows it, such as `userName eq`.',
  },
  uniqueness: {
    means:
      '409. Another User of the directory has this userName or, with `client: auto` or `entra`, another Group this displayName.',
    todo: 'Find the first one (`drawbridge explain <userName>`); rename one, or let the identity provider match it.',
  },
  mutability: {
    means:
      '400. An attribute was to be changed that cannot be, or a shut-out was refused for good (then the detail names the connection).',
    todo: 'Leave the attribute out of the mapping. For a shut-out do what the detail says.',
  },
  invalidSyntax: {
    means: '400. The body is not JSON, or does not have the form that the request needs.',
    todo: 'Compare it with what the detail asks for; a template application of the identity provider sends the right form.',
  },
  invalidPath: {
    means: '400. The path of a PATCH or of a sort names no attribute.',
    todo: 'Correct the attribute mapping: names are those of /Schemas.',
  },
  noTarget: {
    means: '400. A PATCH asks to change what is not there, or names nothing.',
    todo: 'Use add, or correct the filter in the path.',
  },
  invalidValue: {
    means:
      '400. A value is missing, of the wrong type, or was refused by a vendor (then the detail names the connection).',
    todo: 'Correct the attribute that the detail names, most often in the attribute mapping.',
  },
  invalidCursor: {
    means: '400. The cursor is not one that was given out for this list.',
    todo: 'Begin the list again.',
  },
  expiredCursor: {
    means: '400. The cursor is too old, or what is listed has changed.',
    todo: 'Begin the list again.',
  },
  invalidCount: {
    means: '400. The page is larger than a list with cursors gives.',
    todo: 'Ask for at most 500.',
  },
  unauthorized: {
    means: '401. The token is missing, unknown, expired or revoked.',
    todo: 'Look at `drawbridge token list`; make a new one with `drawbridge token rotate` and put it into the identity provider.',
  },
  forbidden: {
    means: '403. The endpoint does not allow this, such as a filter on /Schemas.',
    todo: 'Ask without it.',
  },
  'not-found': {
    means: '404. The directory of the token has no such User, Group or endpoint.',
    todo: 'Identity provider: let it match the person again (Okta: unassign and assign; Entra: restart provisioning). Base URL: it ends in `/scim/v2`.',
  },
  method: {
    means: '405. The endpoint exists and does not offer this method; `Allow` lists those that it does.',
    todo: 'Correct the client or the base URL.',
  },
  timeout: {
    means: '408. The request did not arrive in time: headers within 15 s, all of it within 30 s.',
    todo: 'Look at the network between the identity provider and the gateway.',
  },
  conflict: {
    means: '409. A reference inside a bulk request could not be resolved.',
    todo: 'Correct the references, and send the operation again.',
  },
  changed: {
    means: '412. The resource has another version than `If-Match` names: somebody changed it meanwhile.',
    todo: 'Read it again, then write.',
  },
  'too-large': {
    means: '413. The body, or the number of operations, is beyond the limit that the detail names.',
    todo: 'Send several requests; the limits are in docs/operations.md.',
  },
  'media-type': {
    means: '415. The body is neither `application/scim+json` nor `application/json`.',
    todo: 'Set the content type.',
  },
  'too-many-attempts': {
    means: '429. Too many refused tokens came from this address. A valid token is never limited.',
    todo: 'Correct the token; wait as long as `Retry-After` says.',
  },
  busy: {
    means:
      '429. The token sends more requests than `SCIM_REQUESTS_PER_SECOND` allows, or asks for more at one time than its directory may use. No identity provider does either; nothing was recorded.',
    todo: 'Send again after `Retry-After`. Find out who uses the token; if it is yours, ask for fewer or narrower lists at once.',
  },
  full: {
    means:
      '413. The Users and Groups of the directory have reached `DIRECTORY_QUOTA_MB`; only what shrinks it or ends access is recorded.',
    todo: 'Find out what fills the directory (`drawbridge audit export`); raise the setting if it is meant.',
  },
  headers: {
    means: '431. Address and headers are longer than 16 KiB together.',
    todo: 'Ask with a shorter filter, or as a search (POST to `/.search`).',
  },
  malformed: {
    means: '400. The request is not HTTP as it should be, or its address cannot be read.',
    todo: 'Look at the base URL and at proxies in between.',
  },
  internal: {
    means: '500. Something in the gateway failed; nothing is known to be lost.',
    todo: 'The log tells why, under the request id of the detail. Send the request again.',
  },
  'not-offered': {
    means: '501. Drawbridge does not offer this endpoint, such as /Me.',
    todo: 'Use /Users and /Groups.',
  },
  unavailable: {
    means: '503, or 429 with `client: okta`. The store does not answer at the moment; nothing was recorded.',
    todo: 'The identity provider asks again. If it lasts, look at `/health/ready` and at PostgreSQL.',
  },
  'base-url': {
    means: '404. Nothing is at this address; SCIM is served below the base URL that the detail names.',
    todo: 'Correct the base URL (tenant URL) in the identity provider; it ends in `/scim/v2`.',
  },
  pending: {
    means:
      '503, or 429 with `client: okta`. Recorded, but it is not proven yet that the access has ended at every vendor; the User reads `active: true` until then.',
    todo: 'Nothing: Drawbridge goes on by itself and the identity provider asks again. `drawbridge explain <userName>` shows what it waits for.',
  },
  refused: {
    means:
      '400. Recorded, and refused for good by a vendor or by a policy of the connection that the detail names.',
    todo: 'Do what the detail says; `drawbridge explain <userName>` shows more.',
  },
} as const satisfies Record<ScimCode, Words>
