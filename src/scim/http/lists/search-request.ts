import { invalidSyntax, invalidValue } from '../../errors.ts'
import { isObject } from '../../values/json.ts'
import { type ReadParameters, readParameters } from '../request/query-parameters.ts'

const searchRequest = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

const texts = ['filter', 'sortBy', 'sortOrder', 'cursor'] as const
const numbers = ['startIndex', 'count'] as const
const names = ['attributes', 'excludedAttributes'] as const

/** What a SearchRequest asks for (RFC 7644 §3.4.3): the same as the parameters of a GET. Null counts as absent. */
export function readSearchRequest(body: unknown): ReadParameters {
  if (!isObject(body)) throw invalidSyntax('A search needs a SearchRequest as its body')
  const given = new Map(
    Object.entries(body)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name.toLowerCase(), value]),
  )
  const schemas = given.get('schemas')
  const known = (urn: unknown) => typeof urn === 'string' && urn.toLowerCase() === searchRequest.toLowerCase()
  if (!Array.isArray(schemas) || !schemas.some(known))
    throw invalidSyntax(`schemas must name ${searchRequest}`)
  const asked = new Map<string, unknown>()
  const take = (keys: readonly string[], fits: (value: unknown) => boolean, what: string): void => {
    for (const key of keys) {
      const value = given.get(key.toLowerCase())
      if (value === undefined) continue
      if (!fits(value)) throw invalidValue(`${key} must be ${what}`)
      asked.set(key, value)
    }
  }
  take(texts, isText, 'a text')
  take(numbers, (value) => typeof value === 'number' || isText(value), 'an integer')
  take(names, (value) => [value].flat().every(isText), 'a list of attribute names')
  return readParameters(Object.fromEntries(asked))
}

const isText = (value: unknown): boolean => typeof value === 'string'
