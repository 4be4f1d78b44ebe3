import type { FastifyInstance } from 'fastify'
import { parseBulk } from '../bulk/message.ts'
import { type BulkOutcome, runBulk } from '../bulk/run.ts'
import { errorBody } from '../errors.ts'
import type { Provisioning } from '../ports.ts'
import type { Writes } from '../resources.ts'
import type { AcknowledgeWhenSent } from './acknowledgement.ts'
import { refusalOf } from './error-answers.ts'
import { actorOf, type BaseUrl, demandVersion } from './requests.ts'
import { endpoint } from './endpoints.ts'

export interface BulkLimits {
  readonly maxOperations: number
  /** How long the operations of one request together may wait for vendors; later ones are answered as pending. */
  readonly bulkBudgetMs: number
}

interface BulkOptions {
  readonly baseUrl: BaseUrl
  readonly origin: BaseUrl
  readonly acknowledgeWhenSent: AcknowledgeWhenSent
  readonly limits: BulkLimits
  readonly provisioning: Provisioning
  /** The resource types that bulk requests write, with the provisioning that their writes are to use. */
  readonly types: (provisioning: Provisioning) => readonly Writes[]
}

const responseSchema = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'

/** Many writes in one request (RFC 7644 §3.7): each goes the way of a request of its own. */
export function bulkRoutes(
  app: FastifyInstance,
  { baseUrl, origin, acknowledgeWhenSent, limits, provisioning, types }: BulkOptions,
): void {
  endpoint(app, '/Bulk', {
    async POST(request, reply) {
      const { operations, failOnErrors } = parseBulk(request.body, limits.maxOperations)
      const run = await runBulk(
        actorOf(request),
        { operations, failOnErrors },
        {
          types: types(patientFor(limits.bulkBudgetMs, provisioning)),
          demand: demandVersion,
          baseUrl: baseUrl(request),
          refusal: (error) => refusalOf(error, request),
        },
      )
      return acknowledgeWhenSent(request, reply, run.acknowledge, async () => ({
        schemas: [responseSchema],
        Operations: run.outcomes.map((outcome) => show(outcome, origin(request))),
      }))
    },
  })
}

/** Runs accounts while there is time; afterwards says how they stand, and leaves them to the workers. */
function patientFor(budgetMs: number, provisioning: Provisioning): Provisioning {
  const deadline = performance.now() + budgetMs
  return {
    ...provisioning,
    run: (directory, userId) =>
      performance.now() < deadline
        ? provisioning.run(directory, userId)
        : provisioning.outcomes(directory, userId),
  }
}

function show({ step, status, location, version, error }: BulkOutcome, origin: string): object {
  const { method, bulkId } = step.operation
  return {
    method,
    ...(bulkId !== undefined && { bulkId }),
    ...(version !== undefined && { version }),
    ...(location !== undefined && { location }),
    status: String(status),
    ...(error && { response: errorBody(error, origin) }),
  }
}
