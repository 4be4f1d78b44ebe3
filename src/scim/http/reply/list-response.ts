/** RFC 7644 §3.4.2. `itemsPerPage` is what this page holds, not what was asked for. */
export function listResponse(resources: readonly object[], totalResults: number, startIndex = 1): object {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  }
}
