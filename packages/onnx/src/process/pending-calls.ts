import { PlatformError } from '@understudy/core'
import type { ReplyFrame } from '../frames/frame.ts'
import { type CallKind, failureError, type Loss, lossError } from './call-errors.ts'
import type { ModelPlace } from './model-place.ts'

export interface PendingCall {
  readonly kind: CallKind
  readonly limitMs: number
  readonly place: ModelPlace
  /** Takes the reply, or tells that it is of another type than was asked for. */
  readonly accept: (reply: ReplyFrame) => boolean
  readonly reject: (error: PlatformError) => void
}

interface NumberedCall {
  readonly id: number
  readonly call: PendingCall
}

/** The calls that one executor has not answered yet, in the order in which it carries them out. Each settles once. */
export class PendingCalls {
  /** The oldest first; so few that a list is faster than a map, which leaves a trail of old tables behind. */
  readonly #calls: NumberedCall[] = []
  #lastId = 0
  #headSinceMs = 0

  get size(): number {
    return this.#calls.length
  }

  /** Keeps a call and gives the id of its frame. */
  add(call: PendingCall): number {
    this.#lastId = (this.#lastId % 0xffff_ffff) + 1
    if (this.#calls.length === 0) this.#headSinceMs = performance.now()
    this.#calls.push({ id: this.#lastId, call })
    return this.#lastId
  }

  /** Takes a call back that was never sent. */
  forget(id: number): void {
    const at = this.#calls.findIndex((one) => one.id === id)
    if (at !== -1) this.#calls.splice(at, 1)
  }

  /**
   * Settles the oldest call.
   *
   * @throws PlatformError `onnx.frame_invalid` when the reply is for another one, or of another type
   */
  settle(reply: ReplyFrame, memoryLimitBytes: number): void {
    const [head] = this.#calls
    if (head?.id !== reply.id) throw broken(`answered ${reply.id}, which is not its turn`)
    const { call } = head
    if (reply.type === 'failed') {
      this.#next()
      const { kind, place } = call
      call.reject(failureError({ ...reply, call: kind, place, memoryLimitBytes }))
      return
    }
    if (!call.accept(reply)) throw broken(`answered a ${call.kind} with "${reply.type}"`)
    this.#next()
  }

  /** The oldest call's id, if it has been carried out for so much longer than it may. */
  overdue(graceMs: number): number | undefined {
    const [head] = this.#calls
    if (!head || performance.now() - this.#headSinceMs < head.call.limitMs + graceMs) return undefined
    return head.id
  }

  /** Rejects every call: the oldest was being carried out, the others waited behind it. */
  lose(loss: Loss): void {
    const calls = this.#calls.splice(0)
    calls.forEach(({ call: { kind, limitMs, reject } }, index) => {
      reject(lossError({ ...loss, call: kind, limitMs, wasRunning: index === 0 }))
    })
  }

  #next(): void {
    this.#calls.shift()
    this.#headSinceMs = performance.now()
  }
}

function broken(what: string): PlatformError {
  return new PlatformError('onnx.frame_invalid', `The executor ${what}.`)
}
