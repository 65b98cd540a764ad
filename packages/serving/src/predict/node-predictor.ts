import {
  type Clock,
  type InferenceRequest,
  type InferenceResponse,
  type ModelPlan,
  type PlannedVersion,
  PlatformError,
  type ServedBy,
  toPlatformError,
  type VersionSelector,
} from '@understudy/core'
import type { ResolvedServable } from '../manager/manager.ts'
import type { ServableStateMonitor } from '../manager/servable-state-monitor.ts'
import type { PredictionReceiver, Predictor, VersionDescription, VersionStatus } from '../predictor.ts'
import type { ServableRequest } from '../servable.ts'
import type { LoadedVersion } from './loaded-version.ts'
import { boundedName, modelNotFound } from './model-not-found.ts'
import type { PairRouter } from './pair-router.ts'
import type { BatchRequest } from './pending-request.ts'
import { Prediction } from './prediction.ts'
import type { RequestKeeping } from './request-keeping.ts'
import type { ServedByVersions } from './served-by-versions.ts'

/** What the predictor knows of the plan. */
interface PlanView {
  /** Names of all models in the plan. */
  models(): readonly string[]
  planOf(model: string): ModelPlan | undefined
  /** Numbers planned of a model; undefined when it is not in the plan. */
  versionsOf(model: string): readonly number[] | undefined
  /** A version as it is planned now; undefined when it is not any more. */
  planned(model: string, version: number): PlannedVersion | undefined
  /** See {@link Predictor.planAgeMs}. */
  planAgeMs(): number | undefined
  /** Asks the control plane for the plan now; resolves when it was carried out or could not be had. Never rejects. */
  refresh(): Promise<void>
}

export interface NodePredictorOptions {
  readonly resolve: (request: ServableRequest) => ResolvedServable<LoadedVersion>
  readonly generationOf: (model: string) => number | undefined
  /** Id of the override by which a version is live here; undefined: the plan says so. */
  readonly overrideOf: (model: string, version: number) => string | undefined
  readonly plan: PlanView
  readonly monitor: ServableStateMonitor
  readonly pairs: Pick<PairRouter, 'clientOf'>
  readonly servedBy: ServedByVersions
  readonly keeping: RequestKeeping
  readonly clock: Clock
}

interface Target {
  readonly plan: ModelPlan
  readonly loaded: LoadedVersion
  readonly servedBy: ServedBy
}

/** One request on its way to a batcher. */
interface Asked {
  readonly request: InferenceRequest
  readonly receiver: PredictionReceiver
  /** Of its budget, before it got here. */
  readonly spentMs: number
}

/** Answers from the versions of this node. */
export class NodePredictor implements Predictor {
  readonly #options: NodePredictorOptions

  constructor(options: NodePredictorOptions) {
    this.#options = options
  }

  predict(request: InferenceRequest): Promise<InferenceResponse> {
    return new Promise((answered, failed) => this.submit(request, { answered, failed }))
  }

  submit(request: InferenceRequest, receiver: PredictionReceiver): void {
    try {
      if (this.#isBehind(request)) {
        this.#predictBehind(request, receiver).catch((error) => receiver.failed(toPlatformError(error)))
      } else this.#run(this.#select(request.model, request.selector), { request, receiver, spentMs: 0 })
    } catch (error) {
      receiver.failed(toPlatformError(error))
    }
  }

  describe(model: string, selector: VersionSelector): VersionDescription {
    const { loaded, servedBy } = this.#select(model, selector)
    const { runtime, digest } = loaded.planned
    // What `model.yaml` says to clients changes without another load.
    const now = this.#options.plan.planned(model, servedBy.version)
    const { signatures, classLabels } = now?.digest === digest ? now : loaded.planned
    return { servedBy, signature: loaded.signature, signatures, classLabels, timeoutMs: runtime.timeoutMs }
  }

  versions(model: string): readonly VersionStatus[] | undefined {
    const planned = this.#options.plan.versionsOf(model)
    if (planned === undefined) return undefined
    const known = this.#options.monitor.statesOf(model)
    const numbers = new Set([...planned, ...known.map((event) => event.id.version)])
    return [...numbers]
      .sort((a, b) => b - a)
      .map((version) => {
        const event = known.find((other) => other.id.version === version)
        return { version, state: event?.state ?? 'start', error: event?.error }
      })
  }

  models(): readonly string[] {
    return this.#options.plan.models()
  }

  planAgeMs(): number | undefined {
    return this.#options.plan.planAgeMs()
  }

  #isBehind({ model, minGeneration }: InferenceRequest): boolean {
    return minGeneration !== undefined && (this.#options.generationOf(model) ?? -1) < minGeneration
  }

  async #predictBehind(request: InferenceRequest, receiver: PredictionReceiver): Promise<void> {
    const { clock } = this.#options
    const beganMs = clock.monotonicMs()
    await this.#catchUp(request)
    const target = this.#select(request.model, request.selector)
    this.#run(target, { request, receiver, spentMs: clock.monotonicMs() - beganMs })
  }

  /** Refreshes once, within the budget of the request. */
  async #catchUp(request: InferenceRequest): Promise<void> {
    const { plan, generationOf, clock } = this.#options
    if (plan.planOf(request.model) !== undefined) {
      const stopTimer = new AbortController()
      const waitMs = budgetMs(request, REFRESH_TIMEOUT_MS)
      await Promise.race([plan.refresh(), clock.sleep(waitMs, stopTimer.signal)])
      stopTimer.abort()
    }
    if (!this.#isBehind(request)) return
    throw new PlatformError(
      'serving.plan_behind',
      `Model "${request.model}": generation ${request.minGeneration} was asked for, this node is at ${generationOf(request.model) ?? 'none'}.`,
    )
  }

  #select(model: string, selector: VersionSelector): Target {
    const plan = this.#options.plan.planOf(model)
    if (plan === undefined) throw modelNotFound(model)
    const { servable, id, generation = 0 } = this.#resolve(model, selector)
    const variant = selector.kind === 'live' ? 'live' : 'pinned'
    const override = variant === 'live' ? this.#options.overrideOf(model, id.version) : undefined
    const servedBy = this.#options.servedBy.of(servable, { id, variant, generation, override })
    return { plan, loaded: servable, servedBy }
  }

  #resolve(model: string, selector: VersionSelector): ResolvedServable<LoadedVersion> {
    try {
      return this.#options.resolve(toServableRequest(model, selector))
    } catch (error) {
      const known = toPlatformError(error)
      throw known.code === 'serving.model_not_found' ? nothingLoaded(model, selector) : known
    }
  }

  /** @throws PlatformError for inputs and outputs that the model does not have */
  #run({ plan, loaded, servedBy }: Target, { request, receiver, spentMs }: Asked): void {
    const { requestId, selector, signal, header, times, outputs: names } = request
    loaded.validator.checkOutputs(names)
    const { inputs, rows, shapeKey } = loaded.validator.check(request.inputs)
    const budget = budgetMs(request, loaded.planned.runtime.timeoutMs)
    const live = selector.kind === 'live'
    const checked: BatchRequest = {
      requestId,
      inputs,
      rows,
      shapeKey,
      live,
      timeoutMs: Math.max(0, budget - spentMs),
      signal,
      header,
      times,
    }
    const { keeping, pairs } = this.#options
    if (!live) {
      loaded.batcher.submit(checked, new Prediction(request, { servedBy, receiver }))
      return
    }
    keeping.offerRequest(plan, checked)
    const keeper = keeping.takesAnswer(plan) ? keeping : undefined
    const prediction = new Prediction(request, { servedBy, receiver, keeper, rows })
    const id = { name: servedBy.model, version: servedBy.version }
    loaded.batcher.submit(checked, pairs.clientOf(id, checked, prediction))
  }
}

/** Longest wait for a newer plan when the request has no budget of its own. */
const REFRESH_TIMEOUT_MS = 1_000

/** Highest budget that a request may ask for; timers of Node turn into no wait at all beyond 24 days. */
const TIMEOUT_MS_MAX = 600_000

function budgetMs({ timeoutMs }: InferenceRequest, defaultMs: number): number {
  return timeoutMs === undefined || !(timeoutMs >= 0) ? defaultMs : Math.min(timeoutMs, TIMEOUT_MS_MAX)
}

function toServableRequest(name: string, selector: VersionSelector): ServableRequest {
  switch (selector.kind) {
    case 'live':
      return { name, label: 'live' }
    case 'number':
      return { name, version: selector.number }
    case 'label':
      return { name, label: selector.label }
  }
}

/** A model of the plan of which nothing is loaded is not unknown. */
function nothingLoaded(model: string, selector: VersionSelector): PlatformError {
  switch (selector.kind) {
    case 'live':
      return new PlatformError(
        'serving.version_not_available',
        `Model "${model}" has no live version here yet.`,
      )
    case 'number':
      return new PlatformError(
        'serving.version_not_found',
        `Model "${model}" has no version ${selector.number} here.`,
      )
    case 'label':
      return new PlatformError(
        'serving.label_not_found',
        `Model "${model}" has no label "${boundedName(selector.label)}".`,
      )
  }
}
