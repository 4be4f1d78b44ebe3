import { accountsOf } from './access.ts'
import type { SentineloneState, SimUser } from './state.ts'

/** A user in the fields of the toggled profile; both at once when both are served. */
export function present(state: SentineloneState, user: SimUser) {
  const { profile } = state.toggles
  if (profile === 'guide') return guideUser(state, user)
  return { ...(profile === 'both' ? guideUser(state, user) : {}), ...currentUser(state, user) }
}

function currentUser(state: SentineloneState, user: SimUser) {
  const { isActive: _, hasPassword: __, scopeRoles, ...shown } = user
  return {
    ...shown,
    agreedEula: true,
    agreementUrl: '',
    globalOrganizationId: null,
    globalUserId: null,
    isExternalLoginUser: user.source === 'sso_saml',
    lowestRole: null,
    primaryTwoFaMethod: 'application',
    twoFaConfigured: user.twoFaEnabled,
    twoFaStatus: user.twoFaEnabled ? 'configured' : 'not_configured',
    scopeRoles: scopeRoles.map(({ id, roleId }) => {
      const site = state.sites.find((each) => each.id === id)
      const account = state.accounts.find((each) => each.id === (site?.accountId ?? id))
      const name = roleNameOf(state, roleId)
      return {
        id: id || null,
        name: site?.name ?? account?.name ?? null,
        accountName: account?.name ?? null,
        siteName: site?.name ?? null,
        roleId,
        roleName: name,
        roles: [name],
      }
    }),
  }
}

function guideUser(state: SentineloneState, user: SimUser) {
  const { id, email, fullName, scope, isActive, source, lastLogin, dateJoined } = user
  const { twoFaEnabled, canGenerateApiToken, scopeRoles } = user
  return {
    id,
    email,
    fullName,
    role: roleNameOf(state, scopeRoles[0]?.roleId ?? ''),
    scope,
    twoFaEnabled,
    canGenerateApiToken,
    createdAt: dateJoined,
    updatedAt: dateJoined,
    lastLogin,
    source,
    isActive,
    accountId: accountsOf(state, user)[0] ?? null,
    siteIds: scope === 'site' ? scopeRoles.map((each) => each.id) : [],
  }
}

export function roleNameOf({ roles }: SentineloneState, roleId: string): string {
  return roles.find(({ id }) => id === roleId)?.name ?? ''
}
