import { type ErrorCode, type NamedTensors, PlatformError } from '@understudy/core'
import type { RunResult } from '../servable.ts'
import { FakeModel } from './fake-model.ts'
import { Gate } from './gate.ts'

/** A model whose process ends when it runs a row that begins with a poisonous value. */
export class CrashingModel extends FakeModel {
  readonly poison: Set<number>
  /** Rows of the runs in a process of their own, in order. */
  readonly alone: number[] = []
  code: ErrorCode = 'onnx.run_crashed'
  /** How often poison does harm alone; afterwards it is harmless. */
  harmsAlone = Number.POSITIVE_INFINITY
  /** While set, runs alone wait for {@link releaseAlone}. */
  aloneHeld = false
  readonly #aloneGates: Gate[] = []

  constructor(...poison: readonly number[]) {
    super()
    this.poison = new Set(poison)
  }

  override async run(inputs: NamedTensors): Promise<RunResult> {
    const result = await super.run(inputs)
    if (this.#isPoisonous(inputs)) throw this.#harm()
    return result
  }

  async runAlone(inputs: NamedTensors): Promise<RunResult> {
    this.alone.push(inputs.get('x')?.shape[0] ?? 0)
    if (this.aloneHeld) {
      const gate = new Gate()
      this.#aloneGates.push(gate)
      await gate.passed
    }
    if (this.#isPoisonous(inputs) && this.harmsAlone-- > 0) throw this.#harm()
    const result = await super.run(inputs)
    this.batches.pop()
    return result
  }

  releaseAlone(): void {
    this.#aloneGates.shift()?.open()
  }

  releaseAllAlone(): void {
    this.aloneHeld = false
    for (const gate of this.#aloneGates.splice(0)) gate.open()
  }

  #isPoisonous(inputs: NamedTensors): boolean {
    const x = inputs.get('x')?.data as Float32Array
    return x.some((value, index) => index % 2 === 0 && this.poison.has(value))
  }

  #harm(): PlatformError {
    return new PlatformError(this.code, 'The executor was ended.')
  }
}
