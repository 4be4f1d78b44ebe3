import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { read } from './repository.ts'

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string }
}

const { groups } = parse(read('docker/observability/alerts.yaml')) as { groups: { rules: Alert[] }[] }
const alerts = groups.flatMap(({ rules }) => rules)
const dashboard = JSON.parse(read('docker/observability/grafana.json')) as {
  panels: { title: string; targets: { expr: string }[] }[]
}

const registered = async (): Promise<ReadonlySet<string>> => {
  const nothing = { connections: [], processes: 1, endings: [], notices: {} }
  const text = await createMetrics(async () => nothing, false).text()
  return new Set(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    ),
  )
}

const labelsOf = (rows: readonly (readonly [string, string])[]): ReadonlyMap<string, string> => new Map(rows)

/** Of docs/operations.md: each metric with its labels. */
const documented = labelsOf(
  [...read('docs/operations.md').matchAll(/^\| `(drawbridge_\w+)` \| (.*?) \|/gm)].map(
    ([, name = '', labels = '']) => [name, labels] as const,
  ),
)

describe('alerts and dashboard', () => {
  const expressions = [
    ...alerts.map(({ alert, expr }) => [alert, expr] as const),
    ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
  ]

  it('are many', () => assert.ok(alerts.length > 5 && expressions.length > 20))

  it('ask only for metrics that the gateway has', async () => {
    const known = await registered()
    const asked = expressions.flatMap(([where, expr]) =>
      [...expr.matchAll(/drawbridge_\w+/g)].map(([name]) => [where, name] as const),
    )
    assert.ok(asked.length > 20)
    assert.deepEqual(
      asked.filter(([, name]) => !known.has(name)),
      [],
    )
  })

  it('every metric of the gateway is looked at by an alert or a panel, and explained', async () => {
    const names = [...(await registered())].map((name) => name.replace(/_(bucket|count|sum)$/, ''))
    const known = [...new Set(names)].toSorted()
    assert.deepEqual([...documented.keys()].toSorted(), known)
    const asked = expressions.flatMap(([, expr]) =>
      [...expr.matchAll(/drawbridge_\w+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, '')),
    )
    assert.deepEqual(
      known.filter((name) => !asked.includes(name)),
      [],
    )
    for (const [, expr] of expressions) {
      const labels = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/, */))
      const [name = ''] = /drawbridge_\w+?(?=_bucket|_count|_sum|\b)/.exec(expr) ?? []
      for (const label of labels.filter((each) => each !== 'le'))
        assert.ok(documented.get(name)?.includes(`\`${label}\``), `${expr}: ${name} has no ${label}`)
    }
  })

  it('take what every process tells alike from one of them', () => {
    const counted = /_(bucket|count|sum|total)\b/
    for (const [where, expr] of expressions)
      assert.ok(counted.test(expr) || !/\bsum\b(?!\(max)/.test(expr), `${where}: ${expr}`)
  })

  it('every alert says how bad it is and what it means', () => {
    for (const { alert, labels, annotations } of alerts) {
      assert.match(labels.severity, /^(critical|warning|info)$/, alert)
      assert.match(annotations.summary, /\.$/, alert)
    }
  })
})
