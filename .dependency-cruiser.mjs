/**
 * Who may import whom (docs/architecture.md, "Import rules"). Type imports count. `npm run lint:imports`.
 * A folder imports only folders that stand above it in this list, and of them those that are named.
 */
const floors = {
  model: [],
  batch: [],
  health: [],
  secrets: ['model'],
  logger: ['model'],
  schedule: ['model'],
  metrics: ['model'],
  telemetry: ['model'],
  translators: ['model'],
  vendors: ['model'],
  simulators: ['model', 'vendors/[^/]+/names[.]ts$'],
  scim: ['model'],
  config: ['model', 'secrets', 'translators', 'vendors', 'scim/(filter|schema)'],
  egress: ['config/base-url[.]ts$'],
  store: ['model', 'batch', 'scim'],
  provisioning: ['model', 'translators', 'vendors', '(scim/ports|config/matching|store/plans)[.]ts$'],
  dictionary: ['model', 'scim/errors[.]ts$'],
  doctor: [
    'model',
    'translators',
    'vendors',
    '(config/matching|provisioning/api-profile)[.]ts$',
    'dictionary',
  ],
  admin: ['model'],
  cli: ['model', 'vendors', 'config', 'dictionary', 'admin'],
  operations: ['(model|secrets|translators|vendors|config|store|provisioning|admin|cli)/'],
  app: [''],
  demo: ['(model|translators|vendors|simulators|config|store|provisioning)/', 'app/gateway[.]ts$'],
}

const only = ([folder, allowed]) => ({
  name: `${folder}-imports`,
  severity: 'error',
  comment: `src/${folder} may import ${allowed.join(', ') || 'nothing'} of the source, beside itself.`,
  from: { path: `^src/${folder}(/|[.]ts$)` },
  to: {
    path: '^src/',
    pathNot: [`^src/${folder}(/|[.]ts$)`, ...allowed.map((path) => `^src/${path}`)],
  },
})

const confined = (name, packages, ...homes) => ({
  name: `${name}-confined`,
  severity: 'error',
  comment: `${packages.join(', ')} may be imported only from ${homes.join(', ')}.`,
  from: { path: '^src/', pathNot: homes.map((path) => `^src/${path}`) },
  to: { path: packages.map((each) => `(^|/)node_modules/(@types/)?${each}/`) },
})

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Files import in one direction, type imports included.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'Code that nothing uses is removed.',
      from: { orphan: true, path: '^src/', pathNot: '^src/main[.]ts$' },
      to: {},
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      comment: 'Every import must lead to a file.',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-test-code',
      severity: 'error',
      comment: 'Shipped code knows nothing of its tests and tools.',
      from: { path: '^src/' },
      to: { path: '^(test|tools|bench)/' },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      comment: 'Shipped code imports only what package.json lists under dependencies.',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    ...Object.entries(floors).map(only),
    {
      name: 'vendor-island',
      severity: 'error',
      comment:
        'A vendor folder may use the contract, the kit and what reads declarations, never another vendor.',
      from: { path: '^src/vendors/(?!kit/)([^/]+)/' },
      to: { path: '^src/vendors/[^/]+/', pathNot: ['^src/vendors/$1/', '^src/vendors/(kit|rest)/'] },
    },
    {
      name: 'kit-knows-no-vendor',
      severity: 'error',
      comment: 'The kit is lent to every vendor and knows none.',
      from: { path: '^src/vendors/kit/' },
      to: { path: '^src/vendors/', pathNot: '^src/vendors/(kit/|contract[.]ts$)' },
    },
    {
      name: 'simulators-apart',
      severity: 'error',
      comment: 'The gateway never needs a simulator: only the demo, its commands and tests start one.',
      from: { path: '^src/', pathNot: '^src/(simulators|demo|app/commands)/' },
      to: { path: '^src/simulators/' },
    },
    {
      name: 'demo-apart',
      severity: 'error',
      comment: 'The demo starts a whole gateway, and only its own command starts the demo.',
      from: { path: '^src/', pathNot: '^src/(demo/|app/commands/demo[.]ts$)' },
      to: { path: '^src/demo/' },
    },
    {
      name: 'translators-are-pure',
      severity: 'error',
      comment: 'Translators do no I/O: they are tested with tables and used for dry runs.',
      from: { path: '^src/translators/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'] },
    },
    {
      name: 'sql-at-home',
      severity: 'error',
      comment: 'SQL is written in src/store and in the store.ts of a feature; others hand the database on.',
      from: { path: '^src/', pathNot: ['^src/store/', '/store[.]ts$', '-store[.]ts$'] },
      to: { path: '^src/store/sql/(statement|client|prepared)[.]ts$', dependencyTypesNot: ['type-only'] },
    },
    confined('undici', ['undici'], 'vendors/kit/', 'egress[.]ts$'),
    confined('scimmy', ['scimmy'], 'scim/schema/'),
    confined(
      'fastify',
      ['fastify', '@fastify/[^/]+'],
      ...['scim/', 'admin/', 'simulators/', 'app/', 'health[.]ts$', 'dictionary/route[.]ts$'],
      ...['metrics/', 'telemetry/'],
    ),
    confined('postgresql', ['@prisma/[^/]+', 'prisma', 'pg'], 'store/'),
    confined('jobs', ['pg-boss'], 'schedule/'),
    confined('command-line', ['commander'], 'cli/', 'app/', 'operations/[^/]+/[a-z-]*command[.]ts$'),
    confined('patterns', ['re2js'], 'config/'),
    confined('metrics', ['prom-client'], 'metrics/'),
    confined('traces', ['@opentelemetry/[^/]+'], 'telemetry/'),
    confined('mail', ['nodemailer'], 'operations/notices/'),
    confined('yaml', ['yaml'], 'config/', 'demo/'),
  ],
  options: {
    doNotFollow: { path: ['node_modules'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
}
