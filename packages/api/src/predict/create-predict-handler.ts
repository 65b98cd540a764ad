import type { IncomingMessage, ServerResponse } from 'node:http'
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http'
import type { PredictContext } from './predict-context.ts'
import { createPredictRouter } from './predict-router.ts'
import { toTrpcError } from './trpc.ts'

/** Calls that one HTTP request may carry. */
export const BATCH_SIZE_MAX = 100

export interface PredictHttpCall {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Procedure path without the mount point, as tRPC's link wrote it. */
  readonly path: string
  /** The body, already read and bounded; undefined for GET. */
  readonly body: string | undefined
  /** Why no call may run, found before any was looked at; answered in tRPC's form. */
  readonly refusal?: unknown
  readonly context: PredictContext
  /** Headers of the answer, names and values in turn, asked for once when its calls have ended. */
  readonly headers: (statuses: readonly number[]) => readonly string[]
}

/** Serves the predict router over node:http; the caller reads the body and owns the limits. */
export function createPredictHandler(): (call: PredictHttpCall) => Promise<void> {
  const predictRouter = createPredictRouter()
  return ({ req, res, path, body, refusal, context, headers }) =>
    nodeHTTPRequestHandler({
      router: predictRouter,
      req: Object.assign(req, { body }),
      res,
      path,
      middleware: (_req, _res, next) => next(refusal === undefined ? undefined : toTrpcError(refusal)),
      maxBatchSize: BATCH_SIZE_MAX,
      createContext: () => context,
      responseMeta: ({ data }) => ({
        headers: pairedHeaders(
          headers(data.map((one) => ('error' in one ? (one.error.data?.httpStatus ?? 500) : 200))),
        ),
      }),
    })
}

function pairedHeaders(flat: readonly string[]): Headers {
  const headers = new Headers()
  for (let at = 0; at + 1 < flat.length; at += 2) headers.set(flat[at] ?? '', flat[at + 1] ?? '')
  return headers
}
