import { createHash } from 'node:crypto'
import type { Chain } from '../../model/audit.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** What the first event of a chain is chained to. */
export const genesis = ({ directoryId }: Pick<Chain, 'directoryId'>): string =>
  sha256(`drawbridge/${directoryId ?? ''}`)

/** The hash of a link: of the one before it, its place, and its payload's digest. */
export const hashOf = (before: string, position: number, digest: string): string =>
  sha256(`${before}\n${position}\n${digest}`)
