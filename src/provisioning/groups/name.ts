/** Whether two names of a group may be the same, whatever a vendor makes of letter case, spaces and signs. */
export function isSameName(one: string, other: string): boolean {
  return bare(one) === bare(other)
}

function bare(name: string): string {
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '')
  return letters === '' ? name.trim() : letters
}
