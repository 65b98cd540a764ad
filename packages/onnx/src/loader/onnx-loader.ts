import {
  type Clock,
  type NamedTensors,
  type PlannedVersion,
  PlatformError,
  type Signature,
  systemClock,
} from '@understudy/core'
import type {
  LoadContext,
  Loader,
  ModelServable,
  ResourceEstimate,
  ServableRole,
  WarmUpReport,
} from '@understudy/serving'
import { compareContract } from '../contract/compare-contract.ts'
import type { AloneVersion } from '../pool/alone-runner.ts'
import { decideFirstForm, decideForm } from '../pool/decide-form.ts'
import { decidePlacement } from '../pool/decide-placement.ts'
import { estimateMemory } from '../pool/estimate-memory.ts'
import type { ExecutorPool } from '../pool/executor-pool.ts'
import { givesWay } from '../pool/gives-way.ts'
import type { Home } from '../pool/home.ts'
import type { ExecutorEvent, VersionIncident } from './executor-events.ts'
import type { SettleRequest } from './home-keeper-options.ts'
import type { Place } from './next-step.ts'
import { OnnxServable, type WishFacts } from './onnx-servable.ts'
import { warmUp } from './warm-up.ts'

/** The files of a version on this machine, in the form that executors read. */
export interface IngestedVersion {
  /** Absolute path of the entry point, readable by the executor's user. External data lie beside it. */
  readonly path: string
  readonly weightsBytes: number
  /** The weights lie page-aligned in a file of their own, so that executors can map them. */
  readonly mappable: boolean
}

export interface OnnxLoaderOptions {
  readonly planned: Pick<PlannedVersion, 'signature' | 'batchable' | 'runtime' | 'files' | 'measured'>
  /** Not needed for {@link OnnxLoader.estimateResources}. */
  readonly ingested: IngestedVersion
  readonly pool: ExecutorPool
  /** Golden requests for warm-up; without any, what clients sent, and without that, made-up inputs. */
  readonly warmUpInputs: readonly NamedTensors[]
  /** @defaultValue 120000 */
  readonly loadTimeoutMs?: number | undefined
  readonly clock?: Clock | undefined
  readonly onEvent?: ((event: ExecutorEvent) => void) | undefined
  readonly onIncident?: ((incident: VersionIncident) => void) | undefined
}

const DEFAULT_LOAD_TIMEOUT_MS = 120_000

/** Loads one model version into the executors of a node: soonest first, and where it should be behind the traffic. */
export class OnnxLoader implements Loader<ModelServable> {
  readonly #options: OnnxLoaderOptions
  readonly #weightsBytes: number
  #servable: OnnxServable | undefined
  #context: LoadContext | undefined

  constructor(options: OnnxLoaderOptions) {
    this.#options = options
    const filesBytes = options.planned.files.reduce((sum, file) => sum + file.sizeBytes, 0)
    this.#weightsBytes = Math.max(options.ingested.weightsBytes, filesBytes)
  }

  /**
   * Upper bound of what the version needs in that role. Mapped weights count while it answers, since they must stay in memory then; of a
   * version that only waits the system may take them back.
   */
  async estimateResources(role: ServableRole): Promise<ResourceEstimate> {
    const place = this.#wish({ role, runMs: undefined, incidents: 0 })
    const { anonymousBytes, mappedBytes } = this.#estimate(place)
    return {
      memoryBytes: anonymousBytes + (role === 'idle' ? 0 : mappedBytes),
      executors: place.placement === 'own' ? 1 : 0,
    }
  }

  /**
   * @throws PlatformError `onnx.executor_unavailable`, `onnx.load_failed`, `onnx.load_crashed`, `onnx.load_timeout`,
   * `onnx.memory_limit`, `onnx.unsupported`, `serving.cancelled`
   */
  async load(context: LoadContext): Promise<ModelServable> {
    const { id, signal, role, awaited = false } = context
    this.#context = context
    const { planned, pool, clock = systemClock, onEvent, onIncident } = this.#options
    const firstForm = decideFirstForm(this.#formFacts())
    const { placement } = this.#wish({ role, runMs: undefined, incidents: 0 })
    const home = await this.#settle({
      ...{ form: firstForm, placement, haste: 'now', isUrgent: () => false, signal },
      isBackground: !awaited || givesWay(role),
    })
    const suspects = this.#aloneVersion(firstForm)
    const { runTimeoutMs, timeoutMs } = planned.runtime
    this.#servable = new OnnxServable(
      {
        ...{ id, role, clock, firstForm, runTimeoutMs, isArriving: !awaited },
        signature: home.signature,
        batchable: planned.batchable,
        retryWithinMs: timeoutMs,
        wish: (facts) => this.#wish(facts),
        settle: (request) => this.#settle(request),
        warmUp: async (at, stop) => {
          await this.#warmUp(home.signature, (inputs) => at.run(inputs, runTimeoutMs), stop)
        },
        runAlone: (inputs) => pool.alone.run(suspects, { inputs, runTimeoutMs, waitMs: timeoutMs }),
        onEvent: (event) => onEvent?.(event),
        onIncident: (incident) => onIncident?.(incident),
      },
      home,
    )
    return this.#servable
  }

  async warmUp(servable: ModelServable, signal: AbortSignal): Promise<WarmUpReport> {
    const report = await this.#warmUp(servable.signature, (inputs) => servable.run(inputs), signal)
    this.#servable?.beginMoving()
    return report
  }

  async unload(): Promise<void> {
    await this.#servable?.close()
    this.#servable = undefined
  }

  #warmUp(signature: Signature, run: ModelServable['run'], signal: AbortSignal): Promise<WarmUpReport> {
    const { warmUpInputs: golden } = this.#options
    const { warmUpInputs: captured = [], awaited: isHasty } = this.#context ?? {}
    const plan = { golden, captured, signature, isHasty }
    return warmUp(plan, async (inputs) => (await run(inputs)).outputs, signal)
  }

  #wish(facts: WishFacts): Place {
    const { measured, runtime, batchable } = this.#options.planned
    const form = decideForm({ ...this.#formFacts(), batchable, role: facts.role })
    const { intraOpThreads } = runtime
    const weightsBytes = this.#weightsBytes
    return { form, placement: decidePlacement({ ...facts, form, weightsBytes, measured, intraOpThreads }) }
  }

  async #settle(request: SettleRequest): Promise<Home> {
    const { pool, planned } = this.#options
    const home = await pool.settle({ ...this.#aloneVersion(request.form, request), ...request })
    const [difference] = compareContract(planned.signature, home.signature)
    if (difference === undefined) return home
    // The bytes were proved in quarantine; another signature means other bytes or another runtime.
    await home.evict()
    throw new PlatformError('onnx.load_failed', `The loaded model is not the validated one: ${difference}.`)
  }

  #aloneVersion(form: Place['form'], place: Place = { form, placement: 'own' }): AloneVersion {
    const { planned, ingested, loadTimeoutMs: limitMs = DEFAULT_LOAD_TIMEOUT_MS } = this.#options
    const { intraOpThreads } = planned.runtime
    return {
      form,
      path: ingested.path,
      intraOpThreads,
      limitMs,
      reservedBytes: this.#estimate(place).anonymousBytes,
    }
  }

  #formFacts() {
    return { weightsBytes: this.#weightsBytes, mappable: this.#options.ingested.mappable }
  }

  #estimate(place: Place) {
    return estimateMemory({
      ...place,
      weightsBytes: this.#weightsBytes,
      measured: this.#options.planned.measured,
    })
  }
}
