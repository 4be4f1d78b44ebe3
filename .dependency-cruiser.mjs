/**
 * Who may import whom (docs/architecture.md, "Import rules"). Type imports count. `npm run lint:imports`.
 */
const only = (folder, ...allowed) => ({
  name: `${folder}-imports`,
  severity: 'error',
  comment: `src/${folder} may import ${allowed.length > 0 ? allowed.join(', ') : 'nothing'} of the source, beside itself.`,
  from: { path: `^src/${folder}(/|[.]ts$)` },
  to: { path: '^src/', pathNot: [`^src/${folder}(/|[.]ts$)`, ...allowed.map((path) => `^src/${path}`)] },
})

const confined = (name, packages, ...homes) => ({
  name: `${name}-confined`,
  severity: 'error',
  comment: `${packages.join(', ')} may be imported only from ${homes.join(', ')}.`,
  from: { path: '^src/', pathNot: homes.map((path) => `^src/${path}`) },
  to: { path: packages.map((each) => `(^|/)node_modules/(@types/)?${each}/`) },
})

const simulators = ['vendors/simulator/', 'vendors/[^/]+/simulator/']

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Types may point at each other; code that runs may not.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'Code that nothing uses is removed.',
      from: { orphan: true, path: '^src/', pathNot: '^src/(main[.]ts$|generated/)' },
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

    only('errors'),
    only('logger', 'config/model[.]ts$'),
    only('health'),
    only('egress', 'config/base-url[.]ts$'),
    only('translators', 'errors[.]ts$', 'vendors/contract[.]ts$'),
    only('vendors', 'errors[.]ts$'),
    only('scim', 'errors[.]ts$', 'translators/'),
    only(
      'provisioning',
      'errors[.]ts$',
      'translators/',
      'vendors/(contract|registry)[.]ts$',
      'vendors/kit/kit[.]ts$',
      'scim/ports[.]ts$',
      'config/model[.]ts$',
    ),
    only(
      'store',
      'errors[.]ts$',
      'scim/ports[.]ts$',
      'scim/errors[.]ts$',
      'scim/(filter|values)/',
      'provisioning/ports[.]ts$',
      'translators/',
      'vendors/contract[.]ts$',
      'config/model[.]ts$',
      'generated/',
    ),
    only(
      'doctor',
      'errors[.]ts$',
      'translators/',
      'vendors/(contract|registry|plan|examination)[.]ts$',
      'vendors/kit/kit[.]ts$',
      'provisioning/profile[.]ts$',
      'config/model[.]ts$',
    ),
    only('config', 'errors[.]ts$', 'translators/model[.]ts$', 'vendors/contract[.]ts$', 'scim/ports[.]ts$'),
    {
      name: 'entry-points-are-the-end',
      severity: 'error',
      comment: 'Only the command line and the demo start the gateway; nothing imports the command line.',
      from: { path: '^src/', pathNot: '^src/(main|app)[.]ts$|^src/(cli|demo)/' },
      to: { path: '^src/(main|app)[.]ts$|^src/(cli|demo)/' },
    },
    {
      name: 'vendor-island',
      severity: 'error',
      comment:
        'A vendor folder may use the contract, the kit and the simulator harness, never another vendor.',
      from: { path: '^src/vendors/(?!kit/|simulator/)([^/]+)/' },
      to: {
        path: '^src/vendors/',
        pathNot: ['^src/vendors/$1/', '^src/vendors/(kit|simulator)/', '^src/vendors/contract[.]ts$'],
      },
    },
    {
      name: 'kit-knows-no-vendor',
      severity: 'error',
      comment: 'The kit is lent to every vendor and knows none.',
      from: { path: '^src/vendors/(kit|simulator)/' },
      to: { path: '^src/vendors/', pathNot: '^src/vendors/(kit|simulator)/|^src/vendors/contract[.]ts$' },
    },
    {
      name: 'simulators-apart',
      severity: 'error',
      comment: 'The gateway never needs a simulator: only the demo, the command line and tests start one.',
      from: {
        path: '^src/',
        pathNot: [...simulators, 'vendors/simulators[.]ts$', 'demo/', 'cli/'].map((path) => `^src/${path}`),
      },
      to: { path: [...simulators, 'vendors/simulators[.]ts$'].map((path) => `^src/${path}`) },
    },
    {
      name: 'translators-are-pure',
      severity: 'error',
      comment: 'Translators do no I/O: they are tested with tables and used for dry runs.',
      from: { path: '^src/translators/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'] },
    },
    confined('undici', ['undici'], 'vendors/kit/', 'egress[.]ts$'),
    confined('scimmy', ['scimmy'], 'scim/schema/', 'scim/discovery/'),
    confined('fastify', ['fastify', '@fastify/[^/]+'], 'scim/', ...simulators, 'app[.]ts$', 'health[.]ts$'),
    confined('postgresql', ['@prisma/[^/]+', 'prisma', 'pg'], 'store/', 'generated/'),
    confined('command-line', ['commander'], 'cli/'),
    confined('yaml', ['yaml'], 'config/', 'demo/'),
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^src/generated'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
}
