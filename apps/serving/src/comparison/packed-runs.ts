import { DTYPES, type NamedTensors, type Tensor, type TensorData, viewData } from '@understudy/core'
import type { ComparableAnswer, ComparablePair } from '@understudy/rollout'
import type { ComparisonOrder, ComparisonRun, ComparisonTask } from './comparison-run.ts'

/**
 * Runs as they cross into the worker: one buffer with all numbers of all tensors, which is handed over, and two flat lists. Cloning each
 * tensor by itself would cost the loop several times as much.
 */
export interface PackedRuns {
  readonly plans: readonly ComparisonOrder[]
  readonly numbers: readonly number[]
  readonly texts: readonly string[]
  readonly bytes: ArrayBuffer
}

const ALIGNMENT = 8
/** Kinds of answers. */
const OUTPUTS = 0
const ERROR = 1
const CONFIRMED_ERROR = 2

/** Bytes that a run takes while it waits, near enough for a bound. */
export function runSizeBytes({ tasks }: ComparisonRun): number {
  let bytes = 0
  const add = (tensors: NamedTensors) => {
    for (const { data } of tensors.values()) {
      if (ArrayBuffer.isView(data)) bytes += data.byteLength
      else for (const text of data as readonly string[]) bytes += 2 * text.length
    }
  }
  for (const { pair } of tasks) {
    add(pair.inputs)
    if ('outputs' in pair.baseline) add(pair.baseline.outputs)
    if ('outputs' in pair.candidate) add(pair.candidate.outputs)
  }
  return bytes
}

/** Makes runs ready to cross over; what they were made of stays usable. */
export function packRuns(runs: readonly ComparisonRun[]): PackedRuns {
  const packer = new Packer()
  for (const run of runs) packer.addRun(run)
  return packer.finish()
}

class Packer {
  readonly #plans: ComparisonOrder[] = []
  readonly #numbers: number[] = []
  readonly #texts: string[] = []
  readonly #views: ArrayBufferView[] = []
  #sizeBytes = 0

  addRun({ plan, tasks }: ComparisonRun): void {
    let index = this.#plans.lastIndexOf(plan)
    if (index < 0) index = this.#plans.push(plan) - 1
    this.#numbers.push(index, tasks.length)
    for (const { pair, unitRow } of tasks) {
      this.#numbers.push(unitRow, pair.rows)
      this.#texts.push(pair.requestId)
      this.#addTensors(pair.inputs)
      this.#addAnswer(pair.baseline)
      this.#addAnswer(pair.candidate)
    }
  }

  finish(): PackedRuns {
    // Of its own: small buffers of Node share theirs. Nothing in between the tensors is ever read.
    const { buffer } = Buffer.allocUnsafeSlow(this.#sizeBytes)
    let at = 0
    for (const view of this.#views) {
      new Uint8Array(buffer, at).set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
      at += aligned(view.byteLength)
    }
    return { plans: this.#plans, numbers: this.#numbers, texts: this.#texts, bytes: buffer as ArrayBuffer }
  }

  #addAnswer(answer: ComparableAnswer): void {
    if ('outputs' in answer) {
      this.#numbers.push(OUTPUTS)
      this.#addTensors(answer.outputs)
      return
    }
    this.#numbers.push(answer.confirmed === true ? CONFIRMED_ERROR : ERROR)
    this.#texts.push(answer.errorCode)
  }

  #addTensors(tensors: NamedTensors): void {
    this.#numbers.push(tensors.size)
    for (const [name, { dtype, shape, data }] of tensors) {
      this.#texts.push(name)
      this.#numbers.push(DTYPES.indexOf(dtype), shape.length, ...shape, data.length)
      if (ArrayBuffer.isView(data)) {
        this.#views.push(data)
        this.#sizeBytes += aligned(data.byteLength)
      } else for (const text of data as readonly string[]) this.#texts.push(text)
    }
  }
}

/** The runs again, in the worker. Tensors are views of the one buffer. */
export function unpackRuns(packed: PackedRuns): readonly ComparisonRun[] {
  const unpacker = new Unpacker(packed)
  const runs: ComparisonRun[] = []
  while (unpacker.hasMore) runs.push(unpacker.nextRun())
  return runs
}

class Unpacker {
  readonly #packed: PackedRuns
  #number = 0
  #text = 0
  #byte = 0

  constructor(packed: PackedRuns) {
    this.#packed = packed
  }

  get hasMore(): boolean {
    return this.#number < this.#packed.numbers.length
  }

  nextRun(): ComparisonRun {
    const plan = this.#packed.plans[this.#nextNumber()]
    if (plan === undefined) throw new RangeError('a packed run has no plan')
    const tasks: ComparisonTask[] = []
    for (let left = this.#nextNumber(); left > 0; left -= 1) tasks.push(this.#nextTask())
    return { plan, tasks }
  }

  #nextTask(): ComparisonTask {
    const unitRow = this.#nextNumber()
    const pair: ComparablePair = {
      rows: this.#nextNumber(),
      requestId: this.#nextText(),
      inputs: this.#nextTensors(),
      baseline: this.#nextAnswer(),
      candidate: this.#nextAnswer(),
    }
    return { pair, unitRow }
  }

  #nextAnswer(): ComparableAnswer {
    const kind = this.#nextNumber()
    if (kind === OUTPUTS) return { outputs: this.#nextTensors() }
    const errorCode = this.#nextText()
    return kind === CONFIRMED_ERROR ? { errorCode, confirmed: true } : { errorCode }
  }

  #nextTensors(): NamedTensors {
    const tensors = new Map<string, Tensor>()
    for (let left = this.#nextNumber(); left > 0; left -= 1) {
      const name = this.#nextText()
      const type = this.#nextNumber()
      const shape: number[] = []
      for (let dims = this.#nextNumber(); dims > 0; dims -= 1) shape.push(this.#nextNumber())
      tensors.set(name, {
        dtype: DTYPES[type] ?? 'string',
        shape,
        data: this.#nextData(type, this.#nextNumber()),
      })
    }
    return tensors
  }

  #nextData(type: number, length: number): TensorData {
    const dtype = DTYPES[type] ?? 'string'
    if (dtype === 'string') {
      const texts = this.#packed.texts.slice(this.#text, this.#text + length)
      this.#text += length
      return texts
    }
    const data = viewData(dtype, this.#packed.bytes, this.#byte, length)
    this.#byte += aligned(data.byteLength)
    return data
  }

  #nextNumber(): number {
    return this.#packed.numbers[this.#number++] ?? 0
  }

  #nextText(): string {
    return this.#packed.texts[this.#text++] ?? ''
  }
}

function aligned(sizeBytes: number): number {
  return Math.ceil(sizeBytes / ALIGNMENT) * ALIGNMENT
}
