import { matching } from '../../config/rules/matching.ts'
import type { RepairableDrift } from '../../translators/model.ts'
import { groupWanted, makesGroups } from '../../translators/rules/vendor-groups.ts'
import type { Entitlement } from '../../vendors/contract.ts'
import type { LiveConnection } from '../connections.ts'
import { isSameName } from '../groups/name.ts'
import { ListingRefused } from './listing.ts'
import type { GroupDrift, KeptGroup, Survey, SurveyCounts, SurveyStore } from './ports.ts'

interface Comparing {
  readonly by: { readonly surveys: SurveyStore; readonly wake: () => void }
  readonly survey: Survey
  readonly connection: LiveConnection
}

/**
 * Compares the vendor's groups with the links of a connection that makes groups; writes nothing to the vendor. Begun anew by a
 * survey that broke off. Rejects with `ListingRefused` where the answer cannot be believed.
 */
export async function compareGroups({ by, survey, connection }: Comparing): Promise<SurveyCounts> {
  const { policy, can, target, name } = connection
  if (!makesGroups(policy) || !can.entitlements.group) return {}
  // Read first: what was linked before the vendor was asked must be in its answer.
  const links = await by.surveys.keptGroups(connection.id)
  const kept = links.filter(({ group }) => groupWanted(policy, group, { matching }) !== undefined)
  const listed = (await target.catalogue()).filter(({ kind }) => kind === 'group')
  const linked = new Set(kept.map((each) => each.linked.id))
  if (listed.length * 2 < linked.size)
    throw new ListingRefused(`${name} listed ${listed.length} groups, where ${linked.size} are kept`)
  const compared = await driftOfLinks(kept, listed, connection)
  const drift = { ...compared, drafts: [...compared.drafts, ...orphansIn(listed, links)], kept }
  const counts = await by.surveys.keepGroupDrift(survey, drift)
  if (drift.marks.length > 0) by.wake()
  return counts
}

async function driftOfLinks(
  kept: readonly KeptGroup[],
  listed: readonly Entitlement[],
  connection: LiveConnection,
): Promise<Omit<GroupDrift, 'kept'>> {
  const shown = new Map(listed.map((group) => [group.id, group.name]))
  const repair: ReadonlySet<string> = new Set<RepairableDrift>(connection.policy.reconcile?.repair)
  const drafts: GroupDrift['drafts'][number][] = []
  const marks: string[] = []
  for (const { linkId, group, linked, busy } of kept) {
    const name = shown.get(linked.id)
    const isThere = name !== undefined
    if (busy || (isThere && (await isCalled(linked, name, connection)))) continue
    const kind = isThere ? 'group-renamed' : 'group-missing'
    const about = { vendorGroupId: linked.id, name: linked.name, groupId: group.id }
    const detail = { group: group.displayName, madeHere: linked.madeHere, ...(isThere ? { now: name } : {}) }
    drafts.push({ kind, group: about, detail })
    // A group that somebody else made is not renamed by us.
    if (repair.has(kind) && (linked.madeHere || !isThere)) marks.push(linkId)
  }
  return { drafts, marks }
}

/** Groups that the vendor needs for itself are nobody's. */
function orphansIn(listed: readonly Entitlement[], links: readonly KeptGroup[]): GroupDrift['drafts'] {
  const known = new Set(links.map(({ linked }) => linked.id))
  return listed
    .filter(({ id, privileged }) => !known.has(id) && !privileged)
    .map(({ id, name }) => ({ kind: 'group-orphan', group: { vendorGroupId: id, name }, detail: {} }))
}

/** Vendors may write a name in another way than it was given: where it looks different the vendor is asked. */
async function isCalled(
  { id, name }: KeptGroup['linked'],
  shown: string,
  { target }: LiveConnection,
): Promise<boolean> {
  if (isSameName(name, shown) || !target.findGroups) return true
  return (await target.findGroups(name)).some((found) => found.id === id)
}
