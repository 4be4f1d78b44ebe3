import { byStatus, type Classifier, firstOf, notFound, saidBy, saying } from '../kit/classify.ts'
import { firstWait, longestWaitMs, type Wait, waitFrom } from '../kit/wait.ts'

/** Sentry's answer to a token without the scope, whatever the endpoint. Other 403s are about the object. */
const lacksScope = /You do not have permission to perform this action|missing the member:admin scope/

/** Refusals for one member that come as 400: our own role, a member above us, a token that may only invite members. */
const notForUs =
  /changes to your own role|more access than you|permission to set that org-level role|Integration tokens are restricted/

/** The same words for somebody who is gone and for an organization that is not there: in a listing they mean the latter. */
const isGone: Classifier = (reply, call) => {
  const isListing = call?.method === 'GET' && ['members', 'teams'].includes(call.pathClass)
  return isListing ? undefined : gone(reply)
}

const gone = notFound(
  ({ body }) => (body as { readonly detail?: unknown } | undefined)?.detail === doesNotExist,
)
const doesNotExist = 'The requested resource does not exist'

/** Status codes alone do not tell Sentry's failures apart: a duplicate is a 400. Read from the top. */
export const classify: Classifier = firstOf(
  saying(/already (a member|been invited)/, [400, 409], 'conflict'),
  saying(/slug .{0,200}(already in use|already exists)/i, [400, 409], 'conflict'),
  saying(lacksScope, [400, 403], 'missing-scope'),
  saying(notForUs, 400, 'forbidden'),
  isGone,
  byStatus,
)

const tooManyInvitations = /too many invitations/

/** Limits on invitations are per day and tell no time; anything shorter would only knock again. */
const invitationLimit: Wait = (reply) => (tooManyInvitations.test(saidBy(reply)) ? longestWaitMs : undefined)

/** Windows last a second, and the reset may already be past when the answer arrives. */
const shortestMs = 1000

const told = waitFrom('retry-after', 'x-sentry-rate-limit-reset')

export const wait: Wait = firstWait(waitFrom('retry-after'), invitationLimit, (reply, now) =>
  Math.max(shortestMs, told(reply, now) ?? shortestMs),
)
