const listSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'

/** RFC 7644 §3.4.2. `itemsPerPage` is what this page holds, not what was asked for. */
export function listResponse(resources: readonly object[], totalResults: number, startIndex = 1): object {
  return {
    schemas: [listSchema],
    totalResults,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  }
}

/** RFC 9865 §2: no `nextCursor` says that this is the last page. */
export function cursorResponse(
  resources: readonly object[],
  totalResults: number,
  nextCursor: string | undefined,
): object {
  return {
    schemas: [listSchema],
    totalResults,
    itemsPerPage: resources.length,
    ...(nextCursor !== undefined && { nextCursor }),
    Resources: resources,
  }
}
