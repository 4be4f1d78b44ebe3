import type { ConfigurationActions, ConfigurationRequest } from './route.ts'
import { parseConfiguration } from '../../config/load.ts'
import type { Configuration } from '../../model/configuration.ts'
import { GatewayError } from '../../model/errors.ts'
import type { Change } from '../../model/operator.ts'
import type { Applied } from '../../store/connections/configuration.ts'
import type { Detaching } from './store.ts'
import { vendors } from '../../vendors/registry.ts'

/** Applies files that the command line sends; `follow` makes this process work with what was applied. */
export function configurationActions(
  store: {
    applyConfiguration(configuration: Configuration, by?: Change, detaching?: Detaching): Promise<Applied>
    previewConfiguration(configuration: Configuration, detaching: Detaching): Promise<readonly string[]>
  },
  insecureTargets: readonly string[],
  follow: (configuration: Configuration, applied: Applied) => void,
): ConfigurationActions {
  const judged = (request: ConfigurationRequest): Configuration => judge(request, insecureTargets)
  return {
    preview: async (request) => store.previewConfiguration(judged(request), request),
    async apply(request, by: Change) {
      const configuration = judged(request)
      const applied = await store.applyConfiguration(configuration, by, request)
      follow(configuration, applied)
      return applied.changes
    },
  }
}

/** References are resolved from what was sent and from nothing of this machine. */
function judge(
  { text, variables, files }: ConfigurationRequest,
  insecureTargets: readonly string[],
): Configuration {
  const env = { ...variables, DRAWBRIDGE_INSECURE_TARGETS: insecureTargets.join(',') }
  const loaded = parseConfiguration(text, env, vendors, (path) => {
    const content = files[path]
    if (content === undefined) throw Object.assign(new Error('not sent'), { code: 'ENOENT' })
    return Buffer.from(content)
  })
  if (loaded.ok) return loaded.configuration
  const problems = loaded.problems.map(({ path, line, message }) => `line ${line}: ${path} ${message}`)
  throw new GatewayError('CONFIGURATION', problems.join('; '))
}
