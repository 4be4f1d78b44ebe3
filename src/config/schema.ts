import { type Static, Type } from 'typebox'

/** Directory, connection and token names: they appear in addresses, logs and commands. */
export const namePattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'

/** A number and a unit: `8s`, `1h`, `6h`, `30d`. */
const durationPattern = '^[0-9]{1,6}(ms|s|m|h|d)$'

/** A date, or an instant with its offset (RFC 3339). */
export const endPattern =
  '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?$'

const Name = Type.String({ pattern: namePattern })
const Text = Type.String({ minLength: 1 })
const Duration = Type.String({ pattern: durationPattern })
const closed = { additionalProperties: false } as const

function oneOf<const V extends readonly [string, ...string[]]>(values: V, fallback?: V[number]) {
  return Type.Unsafe<V[number]>(Type.Enum([...values], fallback === undefined ? {} : { default: fallback }))
}

const Scope = Type.Record(Type.String(), Text, {
  description: 'Where a role counts: one level of scope and its name or id.',
})

const grants = {
  role: Type.Optional(Type.String({ minLength: 1, description: 'A role of the vendor, by name or id.' })),
  team: Type.Optional(Type.String({ minLength: 1, description: 'A team of the vendor, by name or id.' })),
  vendorGroup: Type.Optional(
    Type.String({ minLength: 1, description: 'A group of the vendor, by name or id.' }),
  ),
  set: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  scope: Type.Optional(Scope),
}

const RuleSchema = Type.Object(
  {
    group: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'displayName of a SCIM group, letter case aside; externalId:<its externalId>; or /pattern/ (RE2), whose named captures are templates of the right side.',
      }),
    ),
    attribute: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'A SCIM filter over the User, such as department eq "Finance".',
      }),
    ),
    roles: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "A value of the User's own roles or entitlements, or * for all. Without a right side the values name entitlements.",
      }),
    ),
    ...grants,
    create: Type.Optional(Type.Boolean({ default: false })),
    except: Type.Optional(
      Type.Array(Text, {
        description: 'Groups, written as under group, whose members the rule does not concern.',
      }),
    ),
    until: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'When a grant ends: a duration from the moment of membership (24h), a date, or suffix: the group is named …-24h.',
      }),
    ),
  },
  closed,
)

const Steps = Type.Array(oneOf(['disable', 'strip', 'remove']), { minItems: 1, uniqueItems: true })

const Limit = Type.Object(
  {
    count: Type.Integer({ minimum: 1 }),
    within: Duration,
    percent: Type.Optional(Type.Number({ minimum: 1, maximum: 100 })),
  },
  closed,
)

export const ConnectionSchema = Type.Object(
  {
    vendor: Type.String({ minLength: 1 }),
    mode: Type.Optional(oneOf(['shadow', 'approve', 'enforce'], 'enforce')),
    settings: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    credentials: Type.Record(Type.String(), Type.Unknown()),
    people: Type.Optional(oneOf(['assigned', 'mapped'], 'assigned')),
    login: Type.Optional(oneOf(['userName', 'email'], 'userName')),
    rules: Type.Optional(Type.Array(RuleSchema)),
    default: Type.Optional(Type.Object(grants, closed)),
    exclusive: Type.Optional(Type.Boolean({ default: false })),
    deprovision: Type.Optional(
      Type.Object(
        {
          inactive: Type.Optional(Steps),
          deleted: Type.Optional(Steps),
          graceDays: Type.Optional(Type.Integer({ minimum: 0, maximum: 3650, default: 0 })),
        },
        closed,
      ),
    ),
    rename: Type.Optional(oneOf(['keep', 'recreate', 'reject'], 'keep')),
    adopt: Type.Optional(oneOf(['always', 'ask', 'never'], 'always')),
    guard: Type.Optional(
      Type.Object(
        {
          protect: Type.Optional(Type.Array(Text)),
          shutOuts: Type.Optional(Limit),
          revokes: Type.Optional(Limit),
        },
        closed,
      ),
    ),
    reply: Type.Optional(
      Type.Object(
        {
          budget: Type.Optional(Type.String({ pattern: durationPattern, default: '8s' })),
          pendingShutOut: Type.Optional(oneOf(['retry', 'accept'], 'retry')),
        },
        closed,
      ),
    ),
    reconcile: Type.Optional(
      Type.Object(
        {
          every: Type.Optional(
            Type.String({
              pattern: `${durationPattern}|^never$`,
              default: '6h',
              description: 'How often the vendor is compared with what is wanted, or never.',
            }),
          ),
          repair: Type.Optional(
            Type.Array(
              oneOf([
                'missing',
                'lacking',
                'excess',
                'reactivated',
                'profile',
                'group-missing',
                'group-renamed',
              ]),
              {
                uniqueItems: true,
                description: 'Kinds of drift that are put right; the others are only reported.',
              },
            ),
          ),
        },
        closed,
      ),
    ),
    reinvite: Type.Optional(oneOf(['never', 'once'], 'never')),
  },
  closed,
)

const TokenSchema = Type.Object(
  {
    name: Name,
    secret: Type.String({ description: 'The bearer token, 16 characters or more, that nobody guesses.' }),
  },
  closed,
)

export const DirectorySchema = Type.Object(
  {
    client: Type.Optional(oneOf(['auto', 'okta', 'entra', 'rfc'], 'auto')),
    domains: Type.Optional(Type.Array(Text)),
    tokens: Type.Optional(Type.Array(TokenSchema)),
    connections: Type.Optional(Type.Record(Type.String({ pattern: namePattern }), ConnectionSchema, closed)),
  },
  closed,
)

/** The configuration file as people write it, after references are replaced. */
export const ConfigurationSchema = Type.Object(
  { directories: Type.Record(Type.String({ pattern: namePattern }), DirectorySchema, closed) },
  closed,
)

export type RawRule = Static<typeof RuleSchema>
export type RawConnection = Static<typeof ConnectionSchema>
export type RawDirectory = Static<typeof DirectorySchema>
