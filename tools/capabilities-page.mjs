import { planTables } from './plan-tables.mjs'

const yesOrNo = (ability) => (ability ? 'yes' : 'no')

/** Row titles and what they show of one vendor's table in one profile. */
const rows = {
  'creates an account': ({ can }) => (can.account.create === 'invite' ? 'by invitation' : 'directly'),
  'has an off switch': ({ can }) => yesOrNo(can.account.disable),
  'removes an account': ({ can }) => yesOrNo(can.account.remove),
  'finds an account by': ({ can }) => can.correlateBy.join(', '),
  attributes: ({ can }) =>
    Object.entries(can.attributes)
      .map(([name, { mutability, required }]) => `${name} (${mutability}${required ? ', required' : ''})`)
      .join(', '),
  'written together': ({ can }) => can.updateTogether?.join(', ') ?? '–',
  roles: ({ can }) => entitlements(can.entitlements.role),
  'groups, teams': ({ can }) => entitlements(can.entitlements.group),
  'makes groups, teams': ({ can }) => groups(can.groups),
  'settings by rule': ({ can }) => settings(can.settings),
  'reads lag by up to': ({ can }) => (can.readLagMs ? `${can.readLagMs / 1000} s` : '–'),
  'default steps when inactive': ({ vendor }) => vendor.deprovision.inactive.join(', then '),
  'default steps when deleted': ({ vendor }) => vendor.deprovision.deleted.join(', then '),
  'permissions needed': ({ vendor }) => vendor.scopes.join(', '),
}

/** docs/vendors/capabilities.md: what each vendor can do in each API profile, and what its native SCIM costs and lacks. */
export function capabilitiesPage(vendors, plans) {
  const columns = vendors.flatMap((vendor) =>
    vendor.profiles.map((profile) => ({ vendor, profile, can: vendor.capabilities(profile) })),
  )
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [
    '# Capabilities',
    '',
    'Generated from the vendors’ capability tables and plan facts (`npm run schema:write`). The planner and `drawbridge doctor` read the same data.',
    '',
    line(['', ...columns.map(({ vendor, profile }) => `${vendor.name}, ${profile}`)]),
    line(['---', ...columns.map(() => '---')]),
    ...Object.entries(rows).map(([title, cell]) => line([title, ...columns.map(cell)])),
    '',
    ...planTables(plans, vendors),
  ].join('\n')
}

function groups(support) {
  if (!support) return 'no'
  const further = ['rename', 'remove'].filter((ability) => support[ability])
  return ['yes', ...further.map((ability) => `${ability}s them`)].join(', ')
}

function settings(support) {
  return Object.keys(support ?? {}).join(', ') || 'none'
}

function entitlements(support) {
  if (!support) return 'none'
  const number = support.perAccount === 'one' ? 'one' : 'many'
  const when = support.assigned === 'on-create' ? 'set on creation' : 'assigned after creation'
  const how = support.write === 'replace' ? 'changed by writing the whole set' : 'changed one call at a time'
  const floor = support.floor ? `; ${support.floor.join(', ')} always remains` : ''
  return `${number}; ${when}; ${how}${floor}`
}
