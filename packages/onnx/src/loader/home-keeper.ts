import { type NamedTensors, type PlatformError, toPlatformError } from '@understudy/core'
import type { RunResult, ServableRole } from '@understudy/serving'
import { FAILURES_OF_A_USEFUL_ONE_MAX, SOUND_AFTER_MS } from '../pool/restart-delay.ts'
import type { ExecutorExit } from '../process/executor-exit.ts'
import { Change } from './change.ts'
import type { HomeKeeperOptions, ServableHome } from './home-keeper-options.ts'
import { HomePriority } from './home-priority.ts'
import { type HomeStep, nextStep } from './next-step.ts'

/**
 * Keeps a version where it should be, and in some home at all.
 *
 * It takes one step at a time and looks again after each, so that no change of role and no loss is forgotten. A move prepares the new
 * home first; runs under way end in the old one. A loss ends a move that is under way, and is made good first.
 */
export class HomeKeeper {
  readonly #options: HomeKeeperOptions
  readonly #closing = new AbortController()
  readonly #leaving = new Set<Promise<void>>()
  readonly #priority: HomePriority
  #change = new Change()
  #home: ServableHome | undefined
  #settledAtMs = 0
  #lostAtMs = 0
  #role: ServableRole
  #mayMove = false
  #failuresInARow = 0
  /** The present home has answered a run. */
  #hasAnswered = false
  #failedMoves = 0
  /** The present home did not get its priority back. */
  #isHeldBack = false
  #attempt: { readonly step: HomeStep; readonly stop: AbortController } | undefined
  #walking: Promise<void> | undefined

  constructor(options: HomeKeeperOptions, home: ServableHome) {
    this.#role = options.role
    this.#options = options
    this.#priority = new HomePriority({ ...options, onChange: () => this.#prioritize() })
    this.#adopt(home)
  }

  /** Where runs go now; undefined while a lost home is being replaced, and once it is closed. */
  get home(): ServableHome | undefined {
    return this.#home?.isAlive && !this.isClosed ? this.#home : undefined
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  /** Settles when there is another home, or none for ever. */
  get changed(): Promise<void> {
    return this.#change.happened
  }

  assume(role: ServableRole): void {
    if (role === this.#role) return
    this.#role = role
    this.#failedMoves = 0
    this.#priority.assume(role)
    this.look()
  }

  /** Carries out a run in the present home of this version. */
  async run(home: ServableHome, inputs: NamedTensors): Promise<RunResult> {
    this.#priority.runBegan()
    try {
      const result = await home.run(inputs, this.#options.runTimeoutMs)
      this.#hasAnswered = true
      return result
    } finally {
      this.#priority.runEnded()
    }
  }

  /** It is warm. From now on it has the priority of its role, and moves to where it should be. */
  beginMoving(): void {
    this.#priority.arrived()
    this.#mayMove = true
    this.look()
  }

  /** What decides may have changed: begins to walk, or ends a step that leads nowhere any more. */
  look(): void {
    if (this.#attempt) {
      if (!isSame(this.#attempt.step, this.#nextStep())) this.#attempt.stop.abort()
      return
    }
    this.#walking ??= this.#walk().finally(() => {
      this.#walking = undefined
      // What changed between the last look and now.
      if (this.#nextStep() !== null) this.look()
    })
  }

  /** Leaves every executor. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#priority.close()
    this.#attempt?.stop.abort()
    this.#change.happen()
    await Promise.all([this.#home?.evict(), this.#walking, ...this.#leaving])
  }

  #nextStep(): HomeStep | null {
    if (this.isClosed) return null
    return nextStep({
      role: this.#role,
      wanted: this.#options.wish(this.#role),
      actual: this.#home,
      firstForm: this.#options.firstForm,
      failuresInARow: this.#failuresInARow,
      failedMoves: this.#failedMoves,
      isHeldBack: this.#isHeldBack,
      mayMove: this.#mayMove,
    })
  }

  /** Takes steps until there is nothing to do. Never rejects. */
  async #walk(): Promise<void> {
    for (let step = this.#nextStep(); step !== null; step = this.#nextStep()) {
      const stop = new AbortController()
      this.#attempt = { step, stop }
      try {
        await this.#carryOut(step, stop.signal)
      } catch (error) {
        if (!stop.signal.aborted) this.#fail(step, toPlatformError(error))
      } finally {
        this.#attempt = undefined
      }
    }
  }

  async #carryOut(step: HomeStep, signal: AbortSignal): Promise<void> {
    const { clock, settle, isUrgent, onEvent, id } = this.#options
    const { form, placement } = step
    const isReplacement = step.type === 'replace'
    if (step.afterMs > 0) await clock.sleep(step.afterMs, signal)
    if (signal.aborted) return
    const startedAtMs = isReplacement ? this.#lostAtMs : clock.monotonicMs()
    const haste = isReplacement ? 'now' : 'behind'
    const isBackground = !isReplacement || this.#priority.isBackground
    const home = await settle({ form, placement, haste, isBackground, isUrgent, signal })
    await this.#prepare(home, step, signal)
    this.#adopt(home)
    const tookMs = clock.monotonicMs() - startedAtMs
    onEvent({ id, type: isReplacement ? 'replaced' : 'moved', pid: home.pid, tookMs, form, placement })
  }

  /** Makes a new home fit for traffic, or leaves it. */
  async #prepare(home: ServableHome, step: HomeStep, signal: AbortSignal): Promise<void> {
    const evict = () => void home.evict()
    signal.addEventListener('abort', evict, { once: true })
    try {
      if (step.isWarmedUp) await this.#options.warmUp(home, signal)
      if (step.type === 'move') await home.setBackground(this.#priority.isBackground)
      signal.throwIfAborted()
    } catch (error) {
      await home.evict()
      throw error
    } finally {
      signal.removeEventListener('abort', evict)
    }
  }

  #fail(step: HomeStep, error: PlatformError): void {
    const { id, onEvent, onFailed } = this.#options
    if (step.type === 'move') this.#failedMoves += 1
    else this.#failuresInARow += 1
    onEvent({ id, type: step.type === 'move' ? 'moveFailed' : 'replacementFailed', error })
    onFailed(error)
  }

  #adopt(home: ServableHome): void {
    const old = this.#home
    this.#home = home
    this.#hasAnswered = false
    this.#isHeldBack = false
    // The role may have changed while it was prepared.
    this.#prioritize()
    this.#settledAtMs = this.#options.clock.monotonicMs()
    void home.exited.then((exit) => this.#lose(home, exit))
    if (old) {
      const leaving = old.leave().finally(() => this.#leaving.delete(leaving))
      this.#leaving.add(leaving)
    }
    const change = this.#change
    this.#change = new Change()
    change.happen()
  }

  /** In force when this returns: labels may move to the version in the same step. */
  #prioritize(): void {
    const home = this.#home
    home?.setBackground(this.#priority.isBackground).catch((error) => {
      if (home !== this.#home || this.isClosed) return
      this.#isHeldBack = true
      this.#options.onFailed(toPlatformError(error))
      this.look()
    })
  }

  #lose(home: ServableHome, exit: ExecutorExit): void {
    if (home !== this.#home || this.isClosed) return
    const { clock, onEvent, onLost, id } = this.#options
    const { pid, form, placement } = home
    this.#home = undefined
    this.#lostAtMs = clock.monotonicMs()
    const wasSound = this.#lostAtMs - this.#settledAtMs >= SOUND_AFTER_MS
    const most = this.#hasAnswered ? FAILURES_OF_A_USEFUL_ONE_MAX : Number.POSITIVE_INFINITY
    this.#failuresInARow = wasSound ? 1 : Math.min(most, this.#failuresInARow + 1)
    onEvent({ id, type: 'lost', pid, exit, form, placement })
    onLost(home, exit)
    this.look()
  }
}

function isSame(step: HomeStep, other: HomeStep | null): boolean {
  return step.type === other?.type && step.form === other.form && step.placement === other.placement
}
