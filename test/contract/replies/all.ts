import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { vendors } from '../../../src/vendors/registry.ts'
import { generatedFor } from './generated.ts'
import { handed } from './handed.ts'
import { tryOut, type Verdict } from './stage.ts'

/*
 * `npm run test:replies`: every field of every reply, sent in every other way, to every connector in every API profile. With
 * REPLIES=sentry or REPLIES=sentry/guide only those.
 */

const asked = process.env['REPLIES'] ?? ''
/** Connections of one gateway. */
const together = 60

interface Line {
  readonly vendor: string
  readonly profile: string
  readonly verdicts: readonly Verdict[]
}
const lines: Line[] = []

const isException = ({ isSent, faults }: Verdict): boolean => isSent && faults.length > 0

function printed({ vendor, profile, verdicts }: Line): string {
  const sent = verdicts.filter(({ isSent }) => isSent)
  const faulty = sent.filter(isException)
  const columns = [vendor, profile, verdicts.length, sent.length, faulty.length]
  const widths = [12, 8, 8, 8, 10]
  return columns.map((each, at) => String(each)[at < 2 ? 'padEnd' : 'padStart'](widths[at] ?? 8)).join(' ')
}

describe('odd replies', { timeout: 4 * 60 * 60_000 }, () => {
  after(() => {
    console.log('vendor       profile   replies     sent exceptions')
    for (const line of lines) {
      console.log(printed(line))
      for (const { trial, faults } of line.verdicts.filter(isException))
        console.log(`  ${trial.change.id}: ${faults.join('; ')}`)
    }
  })

  for (const vendor of vendors) {
    for (const profile of vendor.profiles) {
      if (!`${vendor.id}/${profile}`.startsWith(asked)) continue
      it(`of ${vendor.name} (${profile}) stop nothing that they do not concern`, async (t) => {
        const listed = handed.filter((trial) => trial.vendor === vendor.id && trial.profile === profile)
        const trials = [...listed, ...(await generatedFor(vendor, profile))]
        const verdicts: Verdict[] = []
        for (let from = 0; from < trials.length; from += together) {
          // A gateway at a time, closed before the next.
          await t.test(`${from + 1} to ${Math.min(from + together, trials.length)}`, async (part) => {
            const tried = await tryOut(part, trials.slice(from, from + together))
            verdicts.push(...tried)
            for (const { trial, faults } of tried.filter(isException))
              part.diagnostic(`${trial.change.id}: ${faults.join('; ')}`)
          })
        }
        lines.push({ vendor: vendor.id, profile, verdicts })
        const faulty = verdicts.filter(isException)
        assert.equal(faulty.length, 0, `${faulty.length} exceptions`)
      })
    }
  }
})
