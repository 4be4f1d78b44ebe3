const address = /^[^\s@<>,;:"()[\]\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/

/** E-mail addresses of a comma list; undefined when it has none, or something else. */
export function addressesOf(text: string): readonly string[] | undefined {
  const all = text.split(',').map((each) => each.trim())
  return all.every((each) => address.test(each)) ? all : undefined
}

/** An address, or `Name <address>`; nothing that could begin another header. */
export function isMailbox(text: string): boolean {
  const [, named] = /^[^<>"\p{Cc}]*<([^<>]+)>$/u.exec(text) ?? []
  return address.test(named ?? text)
}

export function isSmtpUrl(text: string): boolean {
  const url = URL.parse(text)
  if (!url || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') return false
  const decodes = [url.username, url.password].every((part) => decoded(part) !== undefined)
  return decodes && !url.search && !url.hash && ['', '/'].includes(url.pathname)
}

/** `name=value` pairs of a comma list, values with percent encoding (W3C Baggage); undefined when it is something else. */
export function pairsOf(text: string): Readonly<Record<string, string>> | undefined {
  const pairs: Record<string, string> = {}
  for (const part of text.split(',').filter((each) => each.trim() !== '')) {
    const [, name, value = ''] = /^\s*([\w-]+)\s*=\s*([\x21-\x7e ]*?)\s*$/.exec(part) ?? []
    const plain = decoded(value)
    if (name === undefined || plain === undefined || /\p{Cc}/u.test(plain)) return undefined
    pairs[name] = plain
  }
  return pairs
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
