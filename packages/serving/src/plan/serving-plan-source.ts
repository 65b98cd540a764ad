import {
  type Clock,
  type ModelPlan,
  type PlannedVersion,
  PlatformError,
  type ServingPlan,
  toPlatformError,
} from '@understudy/core'
import type { AspiredVersionsCallback, Source } from '../servable.ts'
import type { PlanReader, PlanStore } from './plan-ports.ts'

export interface ServingPlanSourceOptions {
  readonly reader: PlanReader
  readonly store: PlanStore
  readonly clock: Clock
  readonly pollIntervalMs: number
  /** A read that takes longer counts as failed. */
  readonly readTimeoutMs: number
  /** A plan confirmed within this time counts as current. */
  readonly currentForMs: number
  /** Called with every plan that differs from the one before, after its versions were emitted. */
  readonly onPlan: (plan: ServingPlan) => void
  /** The plan could not be read or kept. */
  readonly onTrouble: (error: PlatformError) => void
}

/**
 * Emits the versions of the node's plan. Keeps the last good plan while the reader fails, starts from the store while it is away, and
 * knows how old its plan is. Polling is the guarantee, hints only make it faster.
 */
export class ServingPlanSource implements Source<PlannedVersion> {
  readonly #options: ServingPlanSourceOptions
  #emit: AspiredVersionsCallback<PlannedVersion> = () => {}
  #plan: ServingPlan | undefined
  #modelsText = ''
  /** The store does not hold the plan yet: tried again with every read. */
  #unsaved = false
  #confirmedAtMs: number | undefined
  #reading: Promise<void> | undefined
  #wake = new AbortController()

  constructor(options: ServingPlanSourceOptions) {
    this.#options = options
  }

  get plan(): ServingPlan | undefined {
    return this.#plan
  }

  /** Milliseconds since the control plane last confirmed the plan; undefined while that was a moment ago, or when there is no plan. */
  planAgeMs(): number | undefined {
    if (this.#plan === undefined) return undefined
    const { clock, currentForMs } = this.#options
    const ageMs =
      this.#confirmedAtMs === undefined
        ? Math.max(currentForMs, clock.now() - this.#plan.readAtMs)
        : clock.monotonicMs() - this.#confirmedAtMs
    return ageMs >= currentForMs ? ageMs : undefined
  }

  start(emit: AspiredVersionsCallback<PlannedVersion>, signal: AbortSignal): void {
    this.#emit = emit
    void this.#poll(signal)
  }

  /** Reads now, or joins the read that is under way. Never rejects. */
  refresh(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const endHints = this.#options.reader.onHint(() => this.#wake.abort())
    const onStop = () => this.#wake.abort()
    signal.addEventListener('abort', onStop, { once: true })
    await this.#startFromStore()
    while (!signal.aborted) {
      // A hint that comes during the read makes the sleep end at once: nothing is missed.
      this.#wake = new AbortController()
      await this.refresh()
      if (signal.aborted) break
      await this.#options.clock.sleep(this.#options.pollIntervalMs, this.#wake.signal)
    }
    endHints()
  }

  async #startFromStore(): Promise<void> {
    try {
      const kept = await this.#options.store.load()
      if (kept !== undefined && this.#plan === undefined) this.#adopt(kept)
    } catch (error) {
      this.#options.onTrouble(toPlatformError(error))
    }
  }

  async #readOnce(): Promise<void> {
    const { clock, store, onTrouble } = this.#options
    const askedAtMs = clock.monotonicMs()
    try {
      const plan = await this.#readInTime()
      this.#confirmedAtMs = askedAtMs
      if (this.#adopt(plan)) this.#unsaved = true
      if (!this.#unsaved) return
      await store.save(plan)
      this.#unsaved = false
    } catch (error) {
      onTrouble(toPlatformError(error))
    }
  }

  async #readInTime(): Promise<ServingPlan> {
    const { reader, clock, readTimeoutMs } = this.#options
    const stopTimer = new AbortController()
    try {
      const plan = await Promise.race([reader.read(), clock.sleep(readTimeoutMs, stopTimer.signal)])
      if (plan !== undefined) return plan
      throw new PlatformError('serving.plan_unreadable', `The plan was not read within ${readTimeoutMs} ms.`)
    } finally {
      stopTimer.abort()
    }
  }

  /** True when the plan differs from the one before. */
  #adopt(plan: ServingPlan): boolean {
    const modelsText = JSON.stringify(plan.models)
    const before = this.#plan
    this.#plan = plan
    if (before !== undefined && modelsText === this.#modelsText) return false
    this.#modelsText = modelsText
    const names = new Set(plan.models.map(({ model }) => model))
    for (const { model } of before?.models ?? []) if (!names.has(model)) this.#emit(model, [])
    for (const model of plan.models) {
      this.#emit(
        model.model,
        inLoadingOrder(model).map((data) => ({ id: { name: model.model, version: data.number }, data })),
      )
    }
    this.#options.onPlan(plan)
    return true
  }
}

/** What clients miss most comes first: the live version, then others with a label, then the rest. */
function inLoadingOrder({ versions, labels }: ModelPlan): readonly PlannedVersion[] {
  const labelled = new Set(Object.values(labels))
  const rank = ({ number }: PlannedVersion) => (number === labels.live ? 0 : labelled.has(number) ? 1 : 2)
  return [...versions].sort((a, b) => rank(a) - rank(b))
}
