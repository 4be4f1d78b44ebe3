import type { CatalogueEntry, Directory, DirectoryRef } from '../ports.ts'
import type { ResourceModel } from '../schema/model.ts'
import { entitlementId } from './entitlement-id.ts'
import { entitlementModel, roleModel } from './models.ts'

/** One of the two read-only resource types that show the catalogues of a directory's connections. */
export interface Offers {
  readonly model: ResourceModel
  /** Everything, in a stable order, as clients see it before projection. */
  all(directory: DirectoryRef, baseUrl: string): Promise<readonly Record<string, unknown>[]>
}

export function createOffers({ catalogue }: Pick<Directory, 'catalogue'>): readonly Offers[] {
  return ([roleModel, entitlementModel] as const).map((model) => ({
    model,
    async all(directory, baseUrl) {
      const entries = await catalogue(directory, model === roleModel ? 'role' : 'group')
      return entries.map((entry) => represent(model, entry, baseUrl))
    },
  }))
}

function represent(model: ResourceModel, entry: CatalogueEntry, baseUrl: string): Record<string, unknown> {
  const id = entitlementId(entry)
  const { scope, name, privileged, connection, vendor } = entry
  const displayName = scope ? `${name} (${scope.level} ${scope.id})` : name
  const where = scope ? `, in ${scope.level} ${scope.id}` : ''
  return {
    schemas: [model.schema],
    id,
    displayName,
    display: displayName,
    value: entry.id,
    type: connection,
    description: `${privileged ? 'Privileged ' : ''}${entry.kind} of ${connection} (${vendor})${where}`,
    meta: { resourceType: model.name, location: `${baseUrl}${model.endpoint}/${id}` },
  }
}
