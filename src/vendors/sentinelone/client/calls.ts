import { VendorError } from '../../../model/errors.ts'
import type { Call } from '../../kit/http.ts'
import type { Paginator } from '../../kit/paginate.ts'

/** Largest page; without `limit` the console gives 10. */
export const pageSize = 1000

type Described = Omit<Call, 'pathClass' | 'needs'>

/** Calls by the class of paths that share a rate limit. */
export const calls = {
  whoami: (call: Described): Call => ({ ...call, pathClass: 'user', needs: 'Users: View' }),
  places: (call: Described): Call => ({ ...call, pathClass: 'places', needs: 'Sites: View' }),
  roles: (call: Described): Call => ({ ...call, pathClass: 'rbac', needs: 'Roles: View' }),
  readUsers: (call: Described): Call => ({ ...call, pathClass: 'users', needs: 'Users: View' }),
  writeUsers: (call: Described): Call => ({ ...call, pathClass: 'users', needs: 'Users: Edit' }),
  revokeTokens: (call: Described): Call => ({
    ...call,
    pathClass: 'users',
    needs: "Users: Revoke other users' API tokens",
  }),
}

/** `pagination.nextCursor` until there is none; some lists end with an empty page. */
export const byCursor: Paginator = ({ body }) => {
  const { pagination } = body as { readonly pagination?: { readonly nextCursor?: string | null } }
  return pagination?.nextCursor ? { cursor: pagination.nextCursor } : undefined
}

export function is(error: unknown, failure: VendorError['failure']): error is VendorError {
  return error instanceof VendorError && error.failure === failure
}

export function fold(text: string): string {
  return text.trim().toLowerCase()
}
