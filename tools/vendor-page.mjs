/** docs/vendors/<id>.md of a declared vendor: everything in it is of the declaration. */
export function vendorPage(vendor, declared) {
  const { name, sources, settings, scopes, can, calls, notes, auth } = declared
  const line = (cells) => `| ${cells.join(' | ')} |`
  const table = (heads, rows) => [line(heads), line(heads.map(() => '---')), ...rows.map(line)]
  const typed = (schema, of) =>
    Object.entries(schema.properties).map(([key, { description = '', default: usual }]) => [
      `\`${key}\``,
      of,
      schema.required?.includes(key) ? 'yes' : '',
      `${description}${usual === undefined ? '' : ` Default ${usual}.`}`,
    ])
  const routes = vendor.routes('current')
  return [
    `# ${name}`,
    '',
    `Generated from the declaration in \`src/vendors/${vendor.id}\` (\`npm run schema:write\`). What ${name} can do beside other vendors, and what its own SCIM costs and lacks: [capabilities](capabilities.md).`,
    '',
    '## Set it up',
    '',
    '```yaml',
    `${vendor.id}:`,
    `  vendor: ${vendor.id}`,
    ...yaml('settings', settings),
    ...yaml('credentials', declared.credentials, (key) => `"\${${vendor.id.toUpperCase()}_${snake(key)}}"`),
    ...example(can),
    '```',
    '',
    ...table(
      ['key', 'under', 'required', ''],
      [...typed(settings, 'settings'), ...typed(declared.credentials, 'credentials')],
    ),
    '',
    `Permissions that the credentials need: ${scopes.join(', ')}. They are sent in ${Object.keys(auth)
      .map((each) => `\`${each}\``)
      .join(' and ')}.`,
    '',
    '## Good to know',
    '',
    ...notes.map((note) => `- ${note}`),
    ...(can.account.create === 'invite'
      ? ['- A new person is invited and must accept; until then the account is shown as `invited`.']
      : []),
    ...(can.account.remove ? [] : ['- A deleted person is disabled: accounts cannot be removed.']),
    '',
    '## From Okta and Microsoft Entra ID',
    '',
    ...table(
      ['in the identity provider', `at ${name}`],
      [
        ...attributes(can),
        ['Group that a rule names', Object.keys(can.entitlements).join(' or ')],
        ['Deactivated', vendor.deprovision.inactive.join(', then ')],
        ['Deleted', vendor.deprovision.deleted.join(', then ')],
      ],
    ),
    '',
    'Base URL, token and the steps in the identity provider are those of [Okta](../guides/okta.md) and [Entra ID](../guides/entra.md); nothing in them is peculiar to a vendor.',
    '',
    '## Routes',
    '',
    ...table(
      ['route', 'for'],
      routes.map(({ method, path, purpose }) => [`\`${method} ${path}\``, purpose]),
    ),
    '',
    '## Calls',
    '',
    'What an operation costs in vendor calls, with token, tenant and catalogue known; a test counts them.',
    '',
    ...table(
      ['operation', '`current`'],
      Object.entries(calls).map(([operation, count]) => [operation, count ?? '–']),
    ),
    '',
    '## Sources',
    '',
    ...sources.map(
      ({ title, url, date, grade }) => `- ${url ? `[${title}](${url})` : title}, ${date}, ${grade}`,
    ),
    '',
    `\`drawbridge simulate ${vendor.id}\` serves these routes on 127.0.0.1, quirks included.`,
    '',
  ].join('\n')
}

const snake = (key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

function yaml(under, { properties, required = [] }, valueOf = (key) => `<${key}>`) {
  const keys = Object.keys(properties).filter((key) => required.includes(key))
  return keys.length === 0 ? [] : [`  ${under}:`, ...keys.map((key) => `    ${key}: ${valueOf(key)}`)]
}

function example({ entitlements }) {
  const rule = entitlements.role
    ? '{ group: Engineering, role: <role> }'
    : '{ group: Engineering, vendorGroup: <group> }'
  return ['  rules:', `    - ${rule}`]
}

function attributes({ attributes: all, correlateBy: [login] }) {
  const scim = {
    givenName: 'name.givenName',
    familyName: 'name.familyName',
    email: 'emails, the primary one',
  }
  return Object.entries(all).map(([attribute, { mutability }]) => [
    `\`${scim[attribute] ?? attribute}\``,
    `${attribute === login ? 'the login; ' : ''}${
      { readWrite: 'kept up to date', immutable: 'set once', readOnly: 'the person’s own, not written' }[
        mutability
      ]
    }`,
  ])
}
