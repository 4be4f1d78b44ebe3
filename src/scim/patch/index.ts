export type { Patched } from './apply.ts'
export { applyPatch } from './apply.ts'
export type { PatchOperation, PatchTarget } from './operations.ts'
export { parsePatch } from './operations.ts'
