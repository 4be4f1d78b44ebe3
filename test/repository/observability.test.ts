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

describe('alerts and dashboard', () => {
  const expressions = [
    ...alerts.map(({ alert, expr }) => [alert, expr] as const),
    ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
  ]

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

  it('every alert says how bad it is and what it means', () => {
    for (const { alert, labels, annotations } of alerts) {
      assert.match(labels.severity, /^(critical|warning|info)$/, alert)
      assert.match(annotations.summary, /\.$/, alert)
    }
  })
})
