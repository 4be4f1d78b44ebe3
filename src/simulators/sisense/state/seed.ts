import type { NewUser, SimGroup, SimRole, SimToken, SimUser } from '../model.ts'

export const simulatedPassword = 'simulated-Passw0rd-40'
export const simulatedToken = 'simulated-sisense-api-token'

interface Instance {
  readonly profile: 'current' | 'guide'
  addRole(name: string, displayName?: string): SimRole
  addGroup(name: string, marks?: Pick<SimGroup, 'everyone' | 'admins'>): SimGroup
  addUser(user: NewUser): SimUser
  addToken(userId: string, kind: SimToken['kind'], endsAt: number, token?: string): string
}

const roles = [
  ['super', 'Sys. Admin'],
  ['admin', 'Admin'],
  ['dataAdmin', 'Data Admin'],
  ['dataDesigner', 'Data Designer'],
  ['contributor', 'Designer'],
  ['consumer', 'Viewer'],
] as const

/** What an instance has before anybody is provisioned: its roles, groups, first user and the gateway's own. */
export function seed({ profile, addRole, addGroup, addUser, addToken }: Instance): void {
  const isGuide = profile === 'guide'
  if (isGuide) for (const name of ['Admin', 'Designer', 'Viewer']) addRole(name)
  else {
    for (const [name, displayName] of roles) addRole(name, displayName)
    addGroup('Everyone', { everyone: true })
    addGroup('Admins', { admins: true })
    addUser({ email: 'sysadmin@bi.example', role: 'super' })
  }
  for (const name of ['Sales Team', 'Finance', 'Support']) addGroup(name)
  const gateway = addUser({
    email: 'drawbridge@bi.example',
    userName: 'drawbridge',
    role: isGuide ? 'Admin' : 'admin',
    password: simulatedPassword,
  })
  addToken(gateway._id, 'api', Number.POSITIVE_INFINITY, simulatedToken)
}
