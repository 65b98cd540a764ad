import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import type { Clock } from '@understudy/core'

/** One look lasts so long: shorter ones say more about single requests than about load. */
const LOOK_MS = 250

/** How busy the loop of this process is: the share of the last quarter of a second or so in which it did something, 0 to 1. */
export class LoopLoad {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #before: EventLoopUtilization = performance.eventLoopUtilization()
  #atMs: number
  #busy = 0

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
    this.#atMs = clock.monotonicMs()
  }

  get busyShare(): number {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#atMs < LOOK_MS) return this.#busy
    const now = performance.eventLoopUtilization()
    this.#busy = performance.eventLoopUtilization(now, this.#before).utilization
    this.#before = now
    this.#atMs = nowMs
    return this.#busy
  }
}
