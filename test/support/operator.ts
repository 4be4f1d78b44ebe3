import { adminToken, type Answer } from './gateway.ts'

/** Sends a request to the operator API of a gateway; as the built-in admin, unless another token is named. */
export async function operate(
  url: string,
  method: string,
  path: string,
  {
    body,
    token = adminToken,
    headers = {},
  }: {
    readonly body?: unknown
    readonly token?: string | null
    readonly headers?: Record<string, string>
  } = {},
): Promise<Answer> {
  const response = await fetch(`${url}/admin/api/v1${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  }
}
