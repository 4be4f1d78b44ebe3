/** Role ids are compared exactly. Custom administrator roles cannot be known by id. */
const administrators: ReadonlySet<string> = new Set([
  // Falcon Administrator, as the user management guide of 2026-03 spells it.
  'falcon_admin',
  // Falcon Administrator, as CrowdStrike's PSFalcon spells it in its own examples (public/user-management.ps1).
  'falconhost_admin',
])

/** Whether a role is one of Falcon's administrator roles. */
export function isPrivileged(roleId: string): boolean {
  return administrators.has(roleId)
}
