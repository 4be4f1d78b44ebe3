import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exitCodeMeanings } from '../../src/cli/exit-codes.ts'
import { areas, entriesOf, lookUp } from '../../src/dictionary/dictionary.ts'
import type { Area } from '../../src/dictionary/entry.ts'
import { configurationCode, configurationEntries } from '../../src/dictionary/entries/configuration.ts'
import { doctorCode } from '../../src/dictionary/entries/doctor.ts'
import { errorPageHtml } from '../../src/dictionary/route.ts'
import { explainedAt, failures } from '../../src/model/errors.ts'
import { ScimError, scimTypes } from '../../src/scim/errors.ts'
import { files, read } from './repository.ts'

const sources = files('src/**/*.ts').filter((path) => !path.startsWith('src/dictionary/'))
const texts = sources.map(read)
const all = areas.flatMap(entriesOf)

/** What a pattern captures anywhere in the source, each once, in order. */
const found = (pattern: RegExp, among: readonly string[] = texts): readonly string[] =>
  [...new Set(among.flatMap((text) => [...text.matchAll(pattern)].map(([, first]) => first!)))].toSorted()

const codesOf = (area: Area['area']): readonly string[] =>
  all
    .filter((entry) => entry.area === area)
    .map(({ code }) => code)
    .toSorted()

describe('the error dictionary', () => {
  it('explains every error that the gateway throws, and no other', () => {
    const thrown = found(/new GatewayError\(\s*'([A-Z_]+)'/g)
    assert.ok(thrown.length > 30)
    assert.deepEqual(codesOf('gateway'), thrown)
  })

  it('explains every problem of the operator API, and no other', () => {
    assert.deepEqual(codesOf('operator'), found(/new Problem\(\s*\d+,\s*'([a-z-]+)'/g))
  })

  it('explains every refusal of the service provider, and no other', () => {
    const statuses = found(/new ScimError\(\s*(\d{3})\b/g)
    const byStatus = statuses.map((status) => new ScimError(Number(status), 'x').help)
    const byType = Object.keys(scimTypes).map((type) => explainedAt('scim', type))
    // 415 and 413 come from the framework, too; a 503 of an answer about accounts has codes of its own.
    const answers = ['pending', 'refused', 'base-url', 'busy', 'full'].map((code) =>
      explainedAt('scim', code),
    )
    const named = ['tooLarge', 'unavailable'].map((_, index) => new ScimError([413, 503][index]!, 'x').help)
    const reached = new Set([...byStatus, ...byType, ...answers, ...named])
    assert.deepEqual(
      [...reached].toSorted(),
      codesOf('scim')
        .map((code) => explainedAt('scim', code))
        .toSorted(),
    )
    const users = sources.filter((path) => path !== 'src/scim/errors.ts').map(read)
    for (const type of Object.keys(scimTypes)) {
      const factory = new RegExp(`\\b${type}\\(|scimType: '${type}'`)
      assert.ok(
        users.some((text) => factory.test(text)),
        type,
      )
    }
  })

  it('explains every kind of failure of an account, of a deviation and of a notice, and no other', () => {
    const kinds = codesOf('account')
    assert.deepEqual(
      Object.keys(failures).filter((kind) => !kinds.includes(kind)),
      [],
    )
    // The types hold them complete; that each one is used somewhere only the source can tell.
    for (const area of ['account', 'deviation', 'notice'] as const) {
      const users = sources.filter((path) => !/^src\/model\/|\/letter\.ts$/.test(path)).map(read)
      assert.deepEqual(
        codesOf(area).filter((code) => !users.some((text) => text.includes(`'${code}'`))),
        [],
      )
    }
  })

  it('explains every check of the doctor, and no other', () => {
    const among = files('src/doctor/**/*.ts', 'src/vendors/*/examination.ts').map(read)
    const checks = found(/(?:\bcheck(?:: string)?(?::| =)|\b(?:finding|attempt)\() ?['`]([^'`$]+)/g, among)
    assert.ok(checks.length > 20)
    assert.deepEqual(
      [...new Set(checks.map((check) => doctorCode(check.trim())))].toSorted(),
      codesOf('doctor'),
    )
  })

  it('explains every exit code but success', () => {
    assert.deepEqual(
      codesOf('exit'),
      Object.keys(exitCodeMeanings).filter((code) => code !== '0'),
    )
  })

  it('knows a place of the configuration for every problem', () => {
    const places = {
      '': 'file',
      directories: 'file',
      'directories.corp': 'directory',
      'directories.corp.client': 'directory',
      'directories["a.b"].tokens[0].secret': 'tokens',
      'directories.corp.connections': 'directory',
      'directories.corp.connections.falcon': 'connection',
      'directories.corp.connections["x.rules"].mode': 'connection',
      'directories.corp.connections.falcon.settings.region': 'settings',
      'directories.corp.connections.falcon.credentials.token': 'credentials',
      'directories.corp.connections.falcon.rules[0].role': 'rules',
      'directories.corp.connections.falcon.default.team': 'rules',
    }
    for (const [path, code] of Object.entries(places)) assert.equal(configurationCode(path), code, path)
    const reached = new Set<string>([...Object.values(places), 'environment'])
    assert.deepEqual([...reached].toSorted(), Object.keys(configurationEntries).toSorted())
  })

  it('has one anchor for each entry, on the page of the documents and on the one that is served', () => {
    const anchors = all.map(({ anchor }) => anchor)
    assert.equal(new Set(anchors.map((anchor) => anchor.toLowerCase())).size, anchors.length)
    const served = errorPageHtml()
    const document = read('docs/errors.md')
    for (const anchor of anchors) {
      assert.equal(served.split(` id="${anchor}"`).length, 2, anchor)
      assert.equal(document.split(`<a id="${anchor}">`).length, 2, anchor)
      assert.deepEqual(
        lookUp(anchor).map((entry) => entry.anchor),
        [anchor],
      )
    }
    assert.ok(!/<(script|link|img)/.test(served))
  })

  it('finds a code under the name that an earlier release gave it, and what is answered with a status', () => {
    for (const word of ['CONNECTION_IN_CONSOLE', 'gateway-CONNECTION_IN_CONSOLE'])
      assert.deepEqual(
        lookUp(word).map(({ anchor }) => anchor),
        ['gateway-CONNECTION_MANAGED'],
      )
    assert.match(errorPageHtml(), / id="gateway-CONNECTION_IN_CONSOLE"/)
    assert.match(read('docs/errors.md'), / id="gateway-CONNECTION_IN_CONSOLE"/)
    assert.ok(lookUp('503').some(({ anchor }) => anchor === 'operator-store-unavailable'))
    assert.ok(lookUp('503').every(({ means }) => means.startsWith('503. ')))
  })

  it('says of each code what to do, in whole sentences', () => {
    const odd = all.filter(({ means, todo }) =>
      [means, todo].some((text) => !/^[A-Z0-9`\\].*[.)]$/s.test(text)),
    )
    assert.deepEqual(
      odd.map(({ anchor }) => anchor),
      [],
    )
  })

  it('is where the documents lead: no link leads past it', () => {
    const quoted = files('docs/**/*.md', 'README.md').flatMap((path) =>
      [...read(path).matchAll(/(?:errors\.md#|drawbridge errors )([a-z]+-[\w-]+)/g)].map(
        ([, anchor]) => anchor!,
      ),
    )
    const anchors = new Set(all.map(({ anchor }) => anchor))
    assert.ok(quoted.length > 10, `${quoted.length} links`)
    assert.deepEqual(
      quoted.filter((anchor) => !anchors.has(anchor)),
      [],
    )
  })
})
