/**
 * Sorts the checks of one run. A failure is known when an entry of known.json names it, for this client or for all,
 * with the check's name in full and a pattern for the detail.
 */
export function judge(checks, entries, client) {
  const failed = []
  const skipped = []
  const known = []
  const used = new Set()
  let passed = 0
  for (const { check, outcome, detail = '' } of checks) {
    if (outcome === 'passed') passed++
    else if (outcome === 'skipped') skipped.push({ check, detail })
    else {
      const entry = entries.find((each) => covers(each, { check, detail, client }))
      if (!entry) failed.push({ check, detail })
      else {
        used.add(entry)
        known.push({ check, kind: entry.kind, reference: entry.reference })
      }
    }
  }
  return { passed, failed, skipped, known, used }
}

function covers(entry, { check, detail, client }) {
  if (!entry.checks.includes(check)) return false
  if (entry.clients && !entry.clients.includes(client)) return false
  return new RegExp(entry.detail).test(detail)
}
