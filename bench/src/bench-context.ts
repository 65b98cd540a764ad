import { NodeRig } from '@understudy/testing'
import { startEcho } from './echo/echo-server.ts'
import type { GrpcMethod } from './echo/grpc-messages.ts'
import { startFloor } from './floor/floor-server.ts'
import type { ForkedServer } from './floor/forked-server.ts'
import { LoadClient } from './load/load-client.ts'

/** Something that a row has started and that must end with it. */
interface Closable {
  close(): Promise<void>
}

export interface BenchOptions {
  /** Checkout whose build is measured. */
  readonly project: string
  /** Rounds of an interleaved run. */
  readonly rounds: number
  /** Folder for CPU profiles of the fronts; undefined for none. */
  readonly profile: string | undefined
}

/** What a row may use: processes that end with it, whatever happens, and how thorough it shall be. */
export class BenchContext {
  readonly options: BenchOptions
  readonly #open: Closable[] = []
  #isClosed = false

  constructor(options: BenchOptions) {
    this.options = options
  }

  get rounds(): number {
    return this.options.rounds
  }

  async rig(): Promise<NodeRig> {
    return await this.own(await NodeRig.create(this.options.project))
  }

  async load(): Promise<LoadClient> {
    return await this.own(await LoadClient.start())
  }

  async floor(body: string | Uint8Array, contentType?: string): Promise<ForkedServer> {
    return await this.own(await startFloor(body, contentType))
  }

  async echo(method: GrpcMethod, answer: Uint8Array): Promise<ForkedServer> {
    return await this.own(await startEcho(method, answer))
  }

  /** Ends it with the row. */
  async own<T extends Closable>(one: T): Promise<T> {
    if (this.#isClosed) {
      await one.close()
      throw new Error('the row has ended')
    }
    this.#open.push(one)
    return one
  }

  /** Ends everything, the latest first. Never rejects; says what could not be ended. */
  async close(): Promise<readonly string[]> {
    this.#isClosed = true
    const problems: string[] = []
    for (const one of this.#open.splice(0).reverse()) {
      await one.close().catch((error: Error) => problems.push(error.message))
    }
    return problems
  }
}
