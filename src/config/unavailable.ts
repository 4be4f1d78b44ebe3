import type { Finding, Path } from './file/problems.ts'
import type { RawConnection, RawRule } from './file/schema.ts'

/** Grammar that this release understands but does not carry out. It is refused, never ignored. */
interface Row<T> {
  readonly at: Path
  readonly given: (raw: T) => boolean
}

const connectionRows: readonly Row<RawConnection>[] = [
  { at: ['mode'], given: ({ mode }) => mode !== undefined && mode !== 'enforce' },
  { at: ['exclusive'], given: ({ exclusive }) => exclusive === true },
  { at: ['rename'], given: ({ rename }) => rename !== undefined && rename !== 'keep' },
  { at: ['deprovision', 'graceDays'], given: ({ deprovision }) => (deprovision?.graceDays ?? 0) > 0 },
  { at: ['guard', 'protect'], given: ({ guard }) => (guard?.protect?.length ?? 0) > 0 },
  { at: ['guard', 'shutOuts'], given: ({ guard }) => differs(guard?.shutOuts, { count: 25, within: '1h' }) },
  { at: ['guard', 'revokes'], given: ({ guard }) => differs(guard?.revokes, { count: 100, within: '1h' }) },
  { at: ['reconcile', 'every'], given: ({ reconcile }) => differs(reconcile?.every, '6h') },
  {
    at: ['reconcile', 'repair'],
    given: ({ reconcile }) => differs(reconcile?.repair?.toSorted(), ['lacking', 'reactivated']),
  },
  { at: ['default', 'set'], given: (raw) => raw.default?.set !== undefined },
]

const ruleRows: readonly Row<RawRule>[] = [
  { at: ['group'], given: ({ group }) => group !== undefined && /^\/.*\/$/.test(group) },
  { at: ['attribute'], given: ({ attribute }) => attribute !== undefined },
  { at: ['roles'], given: ({ roles }) => roles !== undefined },
  { at: ['except'], given: ({ except }) => (except?.length ?? 0) > 0 },
  { at: ['until'], given: ({ until }) => until !== undefined },
  { at: ['set'], given: ({ set }) => set !== undefined },
  { at: ['create'], given: ({ create }) => create === true },
]

/** What a connection asks for and this release does not do. Default values are accepted. */
export function unavailable(raw: RawConnection, base: Path): readonly Finding[] {
  const rules = (raw.rules ?? []).flatMap((rule, index) =>
    refusals(ruleRows, rule, [...base, 'rules', index]),
  )
  return [...refusals(connectionRows, raw, base), ...rules]
}

function refusals<T>(rows: readonly Row<T>[], raw: T, base: Path): readonly Finding[] {
  return rows
    .filter(({ given }) => given(raw))
    .map(({ at }) => ({
      path: [...base, ...at],
      atKey: true,
      message:
        at[0] === 'group'
          ? 'patterns (/…/) are not available in this release'
          : 'asks for something that is not available in this release; leave it out',
    }))
}

function differs(value: unknown, usual: unknown): boolean {
  return value !== undefined && JSON.stringify(value) !== JSON.stringify(usual)
}
