import {
  type Clock,
  type ModelPlan,
  type PlannedKey,
  type PlannedVersion,
  PlatformError,
  type ServingPlan,
  toPlatformError,
} from '@understudy/core'
import type { AspiredVersionsCallback, Source } from '../servable.ts'
import { forEachInSlices } from '../slices.ts'
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
  /** Called with every plan that differs from the one before, before its versions are emitted. */
  readonly onPlan: (plan: ServingPlan) => void
  /** Called after that with every model that changed, came or left. */
  readonly onApplied?: ((names: readonly string[]) => void) | undefined
  /** Called with the API keys of every plan in which they differ from those before, ahead of everything else of it. */
  readonly onKeys?: ((keys: readonly PlannedKey[]) => void) | undefined
  /** The plan could not be read or kept. */
  readonly onTrouble: (error: PlatformError) => void
}

/** What is kept is marked as still true this often. */
const CONFIRM_INTERVAL_MS = 30_000

/**
 * Emits the versions of the node's plan. Keeps the last good plan while the reader fails, starts from the store while it is away, and
 * knows how old its plan is. Polling is the guarantee, hints only make it faster.
 *
 * A plan is taken model by model, in slices that leave the loop free: only models that changed are emitted.
 */
export class ServingPlanSource implements Source<PlannedVersion> {
  readonly #options: ServingPlanSourceOptions
  #emit: AspiredVersionsCallback<PlannedVersion> = () => {}
  #plan: ServingPlan | undefined
  /** Plan of each model as text, to see what changed. */
  #texts: ReadonlyMap<string, string> = new Map()
  #keys: readonly PlannedKey[] | undefined
  #keysText: string | undefined
  /** The store does not hold the plan yet: tried again with every read. */
  #unsaved = false
  #saving = false
  #keptAtMs = Number.NEGATIVE_INFINITY
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
      if (kept !== undefined && this.#plan === undefined) await this.#adopt(kept)
    } catch (error) {
      this.#options.onTrouble(toPlatformError(error))
    }
  }

  async #readOnce(): Promise<void> {
    const { clock, onTrouble } = this.#options
    const askedAtMs = clock.monotonicMs()
    try {
      const plan = await this.#readInTime()
      this.#confirmedAtMs = askedAtMs
      if (await this.#adopt(plan)) this.#unsaved = true
      this.#keep(plan)
    } catch (error) {
      onTrouble(toPlatformError(error))
    }
  }

  /** Nothing waits for the disk. */
  #keep(plan: ServingPlan): void {
    const { store, clock, onTrouble } = this.#options
    const nowMs = clock.monotonicMs()
    const isConfirmDue = store.confirm !== undefined && nowMs - this.#keptAtMs >= CONFIRM_INTERVAL_MS
    if (this.#saving || !(this.#unsaved || isConfirmDue)) return
    const kept = this.#unsaved ? store.save(plan) : store.confirm?.(plan.readAtMs)
    this.#saving = true
    this.#unsaved = false
    void kept
      ?.then(
        () => {
          this.#keptAtMs = nowMs
        },
        (error: unknown) => {
          this.#unsaved = true
          onTrouble(toPlatformError(error))
        },
      )
      .finally(() => {
        this.#saving = false
      })
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
  async #adopt(plan: ServingPlan): Promise<boolean> {
    const before = this.#plan
    const keysChanged = this.#takeKeys(plan.keys)
    if (before !== undefined && before.models === plan.models) {
      this.#plan = plan
      return keysChanged
    }
    const { clock, onPlan, onApplied } = this.#options
    const texts = new Map<string, string>()
    const changed: ModelPlan[] = []
    await forEachInSlices(plan.models, clock, (model) => {
      const text = JSON.stringify(model)
      texts.set(model.model, text)
      if (this.#texts.get(model.model) !== text) changed.push(model)
    })
    const gone = [...this.#texts.keys()].filter((name) => !texts.has(name))
    this.#plan = plan
    this.#texts = texts
    if (before !== undefined && changed.length === 0 && gone.length === 0) return keysChanged
    onPlan(plan)
    await forEachInSlices(gone, clock, (name) => this.#take(name, []))
    await forEachInSlices(changed, clock, (model) => this.#take(model.model, inLoadingOrder(model)))
    onApplied?.([...gone, ...changed.map(({ model }) => model)])
    return true
  }

  /** True when they differ from those before. */
  #takeKeys(keys: readonly PlannedKey[]): boolean {
    if (keys === this.#keys) return false
    this.#keys = keys
    const text = JSON.stringify(keys)
    if (text === this.#keysText) return false
    this.#keysText = text
    this.#options.onKeys?.(keys)
    return true
  }

  #take(name: string, versions: readonly PlannedVersion[]): void {
    this.#emit(
      name,
      versions.map((data) => ({ id: { name, version: data.number }, data })),
    )
  }
}

/** What clients miss most comes first: the live version, then others with a label, then the rest. */
function inLoadingOrder({ versions, labels }: ModelPlan): readonly PlannedVersion[] {
  const labelled = new Set(Object.values(labels))
  const rank = ({ number }: PlannedVersion) => (number === labels.live ? 0 : labelled.has(number) ? 1 : 2)
  return [...versions].sort((a, b) => rank(a) - rank(b))
}
