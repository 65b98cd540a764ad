import { readOutcomesBody } from '@understudy/api/predict'
import { PlatformError } from '@understudy/core'
import { nestsTooDeep } from '@understudy/protocols'
import { callerOf } from './caller-of.ts'
import type { Answer, Exchange } from './exchange.ts'
import { type OutcomesReporterOptions, outcomesReporter } from './outcomes-reporter.ts'
import { readBody } from './read-body.ts'

const PATH = '/v1/outcomes'
/** Parsed on the loop, and so no larger than what it reads in a few milliseconds: room for a thousand usual outcomes. */
const BODY_BYTES_MAX = 256 * 1024

export interface OutcomesRouteOptions extends OutcomesReporterOptions {
  readonly maxBodyBytes: number
  readonly send: (exchange: Exchange, answer: Answer) => void
}

/** `POST /v1/outcomes`: what turned out to be true about predictions, one or many. Answered when it is on disk. */
export class OutcomesRoute {
  readonly #options: OutcomesRouteOptions

  constructor(options: OutcomesRouteOptions) {
    this.#options = options
  }

  answers(method: string, path: string): boolean {
    return method === 'POST' && path === PATH
  }

  /** Rejects with what the request is refused for. */
  async handle(exchange: Exchange): Promise<void> {
    const { access, send } = this.#options
    callerOf(access, exchange, 'report')
    const { outcomes, isList } = readOutcomesBody(parse(await this.#read(exchange)))
    const statuses = await outcomesReporter(this.#options, exchange).report(outcomes)
    const results = statuses.map((status) => ({ status }))
    send(exchange, { status: 200, body: JSON.stringify(isList ? { results } : results[0]) })
  }

  #read(exchange: Exchange): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      readBody(exchange, Math.min(this.#options.maxBodyBytes, BODY_BYTES_MAX), (body) => {
        if (body instanceof Uint8Array) resolve(body)
        else reject(body)
      })
    })
  }
}

/** @throws PlatformError `request.malformed` */
function parse(bytes: Uint8Array): unknown {
  if (nestsTooDeep(bytes)) throw new PlatformError('request.malformed', 'The body is nested too deep.')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new PlatformError('request.malformed', 'The body is not JSON.', { cause })
  }
}
