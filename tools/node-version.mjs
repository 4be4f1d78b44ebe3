/** The oldest Node.js that runs the gateway; package.json states the same under `engines`. */
export const needed = '22.19'

export function isRecentEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = needed.split('.').map(Number)
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}
