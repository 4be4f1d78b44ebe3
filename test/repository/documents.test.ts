import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, it } from 'node:test'
import { publishedSchema } from '../../src/config/json-schema.ts'
import { parseConfiguration } from '../../src/config/load.ts'
import { failures } from '../../src/model/errors.ts'
import { vendors } from '../../src/vendors/registry.ts'
import { declarationOf } from '../../src/vendors/rest/define.ts'
import { files, read, root } from './repository.ts'

const documents = files('*.md', 'docs/**/*.md', 'src/**/*.md', 'test/**/*.md', 'docker/*.md')

describe('documents', () => {
  it('link only to what exists', () => {
    const links = documents.flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:|mailto:|#)([^)#]+)(#[^)]*)?\)/g)].map(
        ([, target]) => [path, normalize(join(dirname(path), target!))] as const,
      ),
    )
    assert.ok(links.length > 100, `${links.length} links`)
    assert.deepEqual(
      links.filter(([, target]) => !existsSync(`${root}${target}`)),
      [],
    )
  })

  it('have the generated configuration schema up to date', () => {
    const published: unknown = JSON.parse(read('docs/schemas/drawbridge.schema.json'))
    assert.deepEqual(published, JSON.parse(JSON.stringify(publishedSchema(vendors))))
  })

  it('show only configurations that are valid', () => {
    const samples = documents.flatMap((path) =>
      [...read(path).matchAll(/^( *)```yaml\n([^]*?)^ *```$/gm)]
        .map(([, indent, text]) => text!.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
        .filter((text) => /^directories:/m.test(text)),
    )
    assert.ok(samples.length > 1)
    for (const text of samples) {
      const env = Object.fromEntries(
        [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => [name!, `value-of-${name}`]),
      )
      const loaded = parseConfiguration(text, env, vendors)
      assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.problems))
    }
  })

  it('explain every setting and credential of every vendor', () => {
    const missing = vendors.flatMap((vendor) => {
      const text = read(declarationOf(vendor) ? `docs/vendors/${vendor.id}.md` : 'docs/configuration.md')
      const keys = [vendor.settings, vendor.credentials].flatMap((schema) =>
        Object.keys((schema as { properties?: object }).properties ?? {}),
      )
      assert.ok(keys.length > 1, vendor.id)
      return keys.filter((key) => !text.includes(`\`${key}\``)).map((key) => `${vendor.id} ${key}`)
    })
    assert.deepEqual(missing, [])
  })

  it('explain every key of a directory and a connection', () => {
    const text = read('docs/configuration.md')
    const keys = [...new Set(keysOf(publishedSchema([])))]
    assert.ok(keys.length > 30)
    assert.deepEqual(
      keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(text)),
      [],
    )
  })

  it('explain every kind of failure', () => {
    const text = read('docs/architecture.md')
    assert.deepEqual(
      Object.keys(failures).filter((kind) => !text.includes(`| ${kind} |`)),
      [],
    )
  })

  it('number the decisions without gaps, each with its four parts', () => {
    const decisions = files('docs/adr/*.md')
    decisions.forEach((path, index) => {
      assert.match(path, new RegExp(`/${String(index + 1).padStart(4, '0')}-`))
      for (const part of ['## Status', '## Context', '## Decision', '## Consequences'])
        assert.ok(read(path).includes(part), `${path} lacks ${part}`)
    })
    assert.ok(decisions.length > 0)
  })
})

/** Every key that an object of the schema may have, however deep. */
function keysOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const { properties } = schema as { properties?: object }
  return [...Object.keys(properties ?? {}), ...Object.values(schema).flatMap(keysOf)]
}
