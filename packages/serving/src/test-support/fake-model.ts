import { type NamedTensors, PlatformError, type Signature } from '@understudy/core'
import type { ModelServable, RunResult, ServableRole } from '../servable.ts'
import { Gate } from './gate.ts'

export const LINE_SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 2] }],
}

/** `y = 2 x + offset`, row by row. Fails a whole batch that holds a row whose first value is negative. */
export class FakeModel implements ModelServable {
  readonly signature: Signature
  readonly batchable: boolean
  readonly batches: number[] = []
  /** What it was told to be for, change after change. */
  readonly roles: ServableRole[] = []
  readonly #offset: number
  /** While set, runs wait for {@link release}. */
  held = false
  /** Answers with one row, whatever came in. */
  dropsRows = false
  /** Thrown by every run. */
  error: PlatformError | undefined
  /** What it says it took. */
  runTimeMs = 0
  inFlight = 0
  inFlightMax = 0
  readonly #waiting: Gate[] = []

  constructor(
    options: { readonly offset?: number; readonly batchable?: boolean; readonly signature?: Signature } = {},
  ) {
    this.#offset = options.offset ?? 0
    this.batchable = options.batchable ?? true
    this.signature = options.signature ?? LINE_SIGNATURE
  }

  assume(role: ServableRole): void {
    this.roles.push(role)
  }

  /** Lets the oldest waiting run go on. */
  release(): void {
    this.#waiting.shift()?.open()
  }

  /** Lets everything go on, now and later. */
  releaseAll(): void {
    this.held = false
    for (const gate of this.#waiting.splice(0)) gate.open()
  }

  async run(inputs: NamedTensors): Promise<RunResult> {
    const x = inputs.get('x')
    if (x === undefined) throw new PlatformError('onnx.run_failed', 'no x')
    const rows = x.shape[0] ?? 1
    this.batches.push(rows)
    this.inFlight += 1
    this.inFlightMax = Math.max(this.inFlightMax, this.inFlight)
    try {
      await this.#wait()
      return { outputs: this.#answer(inputs, rows), runTimeMs: this.runTimeMs }
    } finally {
      this.inFlight -= 1
    }
  }

  async #wait(): Promise<void> {
    if (!this.held) return
    const gate = new Gate()
    this.#waiting.push(gate)
    await gate.passed
  }

  #answer(inputs: NamedTensors, rows: number): NamedTensors {
    if (this.error !== undefined) throw this.error
    const x = inputs.get('x')?.data as Float32Array
    const width = x.length / rows
    for (let row = 0; row < rows; row += 1) {
      if ((x[row * width] ?? 0) < 0) throw new PlatformError('onnx.run_failed', `row ${row} is bad`)
    }
    const shape = inputs.get('x')?.shape ?? []
    const y = x.map((value) => 2 * value + this.#offset)
    return this.dropsRows && rows > 1
      ? new Map([['y', { dtype: 'float32' as const, shape: [1, width], data: y.slice(0, width) }]])
      : new Map([['y', { dtype: 'float32' as const, shape, data: y }]])
  }
}

/** Rows of two values, as input `x`. */
export function rowsOfX(...rows: readonly (readonly [number, number])[]): NamedTensors {
  return new Map([
    ['x', { dtype: 'float32' as const, shape: [rows.length, 2], data: Float32Array.from(rows.flat()) }],
  ])
}

/** The values of output `y`. */
export function valuesOfY(outputs: NamedTensors): readonly number[] {
  return [...((outputs.get('y')?.data ?? []) as Float32Array)]
}
