export interface AdvertisedLimits {
  readonly defaultCount: number
  readonly maxCount: number
  readonly cursorTimeout: number
  readonly bodyBytes: number
  readonly maxOperations: number
}

/**
 * What this service provider can do (RFC 7643 §5, RFC 9865 §4). Numbers are present where a feature is off, too:
 * some clients (authentik) read them without looking at `supported`.
 */
export function serviceProviderConfig(limits: AdvertisedLimits, baseUrl: string): object {
  const { defaultCount, maxCount, bodyBytes, maxOperations } = limits
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { supported: true, maxOperations, maxPayloadSize: bodyBytes },
    filter: { supported: true, maxResults: maxCount },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: defaultCount,
      maxPageSize: maxCount,
      cursorTimeout: limits.cursorTimeout,
    },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'OAuth Bearer Token',
        description: 'A bearer token of the directory, made by the operator of the gateway',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  }
}
