import type { ApiProfile } from '../../../src/model/account.ts'
import type { AnyVendor } from '../../../src/vendors/contract.ts'
import { changeOf, mutations, type Whose } from './change.ts'
import { fieldsOf, type Field } from './fields.ts'
import type { Trial } from './stage.ts'

/** Whose rows are worth changing: identity of the one who leaves, and of somebody whom it does not concern. */
function whoses({ inRow, isFact }: Field): readonly Whose[] {
  return ['all', ...(inRow ? (['stayer'] as const) : []), ...(isFact ? [] : (['leaver'] as const))]
}

/** Every field of every shape that the connector reads, sent in every other way; those in which nobody may wait come first. */
export async function generatedFor(vendor: AnyVendor, profile: ApiProfile): Promise<readonly Trial[]> {
  const fields = await fieldsOf(vendor, profile)
  const trials = fields.flatMap((field) =>
    mutations.flatMap((mutation) =>
      whoses(field).map((whose) => ({
        vendor: vendor.id,
        profile,
        change: changeOf(field, mutation, whose),
      })),
    ),
  )
  const mayWait = ({ change }: Trial): boolean => !change.isFact && change.whose === 'all'
  return [...trials.filter((trial) => !mayWait(trial)), ...trials.filter(mayWait)]
}
