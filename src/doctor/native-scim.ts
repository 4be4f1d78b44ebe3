import type { NativeScimFacts, Source } from '../vendors/native-scim.ts'
import type { NativeScim } from './checks.ts'
import type { AccountSummary } from '../model/account.ts'

/**
 * Accounts that the vendor's own SCIM made prove that it is active; a plan without it proves that it is locked. That a
 * plan has it proves nothing: whether it is switched on cannot be read.
 */
export function nativeScimOf(
  facts: NativeScimFacts | undefined,
  plan: string | undefined,
  accounts: readonly Pick<AccountSummary, 'login' | 'facts'>[],
): NativeScim {
  const made = accounts.filter(({ facts: { source } }) => source === 'scim')
  if (made.length > 0) {
    const names = made.slice(0, 3).map(({ login }) => login)
    const more = made.length > names.length ? ', …' : ''
    return {
      nativeScim: 'active',
      nativeScimReason: `${made.length} of ${accounts.length} accounts looked at were made by it (${names.join(', ')}${more})`,
    }
  }
  if (!facts) return { nativeScim: 'unknown', nativeScimReason: 'nothing is known of this vendor’s plans' }
  const { offered, source, sign } = facts.nativeScim
  const offer = `${offered} (${cited(source)})`
  const seen = shown(sign, accounts.length)
  if (plan === undefined)
    return unknown(
      `settings.plan does not say what the tenant pays for, and ${seen}; native SCIM is ${offer}`,
    )
  const known = facts.plans.find(({ name }) => isNamed(plan, name))
  if (!known || known.nativeScim === 'unknown') {
    return unknown(`nothing is known of the plan ${plan}; native SCIM is ${offer}; ${seen}`)
  }
  if (known.nativeScim === 'yes') {
    return unknown(`the plan ${known.name} has it, ${offer}; ${seen}`)
  }
  return { nativeScim: 'locked', nativeScimReason: `the plan ${known.name} does not have it: ${offer}` }
}

function shown(sign: string | undefined, looked: number): string {
  if (sign === undefined)
    return 'no account shows whether SCIM made it, as the vendor’s REST API tells nothing of that'
  if (looked === 0) return `no account could be looked at for the sign of it (${sign})`
  return `none of the ${looked} accounts looked at shows it (${sign})`
}

function unknown(nativeScimReason: string): NativeScim {
  return { nativeScim: 'unknown', nativeScimReason }
}

function cited({ title, date, grade }: Source): string {
  return `${title}, ${date}${grade === 'unverified' ? ', unverified' : ''}`
}

/** `Enterprise` means `Falcon Enterprise` too: people leave the product's name out. */
function isNamed(plan: string, name: string): boolean {
  const given = plan.trim().toLowerCase()
  const full = name.toLowerCase()
  return given === full || given === full.replace(/^\S+ /, '')
}
