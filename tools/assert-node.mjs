// Ends the script unless the running Node.js can run the gateway: a fall-back to an older one must not go unnoticed.
import { isRecentEnough, needed } from './node-version.mjs'

if (!isRecentEnough(process.versions.node)) {
  console.error(
    `Node.js ${process.versions.node} is running; ${needed} or newer is needed. ` +
      'Run "npm ci" with install scripts allowed and start this through "npm run".',
  )
  process.exit(1)
}
