import type { DType, MeasuredCost, Signature } from '@understudy/core'
import { linearModel, OnnxBuilder, type OnnxTensor } from '@understudy/testing'

/** A model with one float32 input `x [N, inputs]` and one output `y [N, outputs]`. */
export interface BenchModel {
  readonly files: Uint8Array
  readonly signature: Signature
  readonly inputs: number
  /** As quarantine would have found. */
  readonly measured: MeasuredCost
}

const MIB = 2 ** 20
const SMALL: MeasuredCost = { loadMs: 1, memoryBytes: 90 * MIB }

/** Rows of 784 numbers of at most three digits behind the point, as pixels are sent. */
export function pixels(row = 0): readonly number[] {
  return Array.from(
    { length: 784 },
    (_, column) => Math.round(500 + 499 * Math.sin(row * 784 + column)) / 1_000,
  )
}

/** Four numbers, as the smallest models take. */
export const TINY_ROW: readonly number[] = [5.1, 3.5, 1.4, 0.2]

/** Costs a few microseconds. */
export function tinyModel(seed = 1): BenchModel {
  return {
    files: linearModel({ inputs: 4, outputs: 3, seed }),
    signature: signatureOf(4, 3),
    inputs: 4,
    measured: SMALL,
  }
}

/** One layer on 784 numbers. */
export function pixelModel(): BenchModel {
  return {
    files: linearModel({ inputs: 784, outputs: 10 }),
    signature: signatureOf(784, 10),
    inputs: 784,
    measured: SMALL,
  }
}

/** One number in, a million out. */
export function wideModel(): BenchModel {
  return {
    measured: { loadMs: 10, memoryBytes: 130 * MIB },
    files: linearModel({ inputs: 1, outputs: 1_000_000 }),
    signature: signatureOf(1, 1_000_000),
    inputs: 1,
  }
}

/**
 * `layers` square products of the same 512 × 512 weights. Alone, a row costs the reading of all weights; rows of a batch share it, and are
 * multiplied each.
 */
export function wideLayers(layers: number): BenchModel {
  return layered(layers, { width: 512, activation: 'Relu' })
}

/** `layers` small layers. Nearly all of what a row costs is that operators are visited, once for a batch. */
export function narrowLayers(layers: number): BenchModel {
  return layered(layers, { width: 32, activation: 'Tanh' })
}

interface Layers {
  readonly width: number
  /** `Tanh` also keeps the size of what runs through many narrow ones. */
  readonly activation: 'Relu' | 'Tanh'
}

function layered(layers: number, { width, activation }: Layers): BenchModel {
  const seed = 1
  const builder = new OnnxBuilder()
    .input('x', 'float32', ['N', 8])
    .output('y', 'float32', ['N', 4])
    .initializer('first', weights(8, width, seed))
    .initializer('square', weights(width, width, seed + 1))
    .initializer('last', weights(width, 4, seed + 2))
    .node('MatMul', [['x', 'first'], ['h0']])
  for (let layer = 0; layer < layers; layer++) {
    builder.node('MatMul', [[`h${layer}`, 'square'], [`m${layer}`]])
    builder.node(activation, [[`m${layer}`], [`h${layer + 1}`]])
  }
  const files = builder.node('MatMul', [[`h${layers}`, 'last'], ['y']]).build()
  return { files, signature: signatureOf(8, 4), inputs: 8, measured: SMALL }
}

/** The same model under another digest: it ends with an unknown field of the protobuf message, which readers skip. */
export function sameModelOtherBytes(model: BenchModel): BenchModel {
  return { ...model, files: Buffer.concat([model.files, Buffer.of(0xfa, 0x7f, 0x01, 0x00)]) }
}

/** 250 MB of weights in four layers; `seed` makes other bytes of the same model. */
export class BigModel {
  static readonly weightBytes = 4 * 3_952 * 3_952 * 4
  readonly #bytes: Buffer
  readonly #mark: number

  constructor() {
    const width = 3_952
    const square = weights(width, width, 1)
    const builder = new OnnxBuilder()
      .input('x', 'float32', ['N', 8])
      .output('y', 'float32', ['N', 4])
      .initializer('first', weights(8, width, 2))
      .initializer('last', weights(width, 4, 3))
      .node('MatMul', [['x', 'first'], ['h0']])
    for (let layer = 0; layer < 4; layer++) {
      builder.initializer(`square${layer}`, square)
      builder.node('MatMul', [[`h${layer}`, `square${layer}`], [`m${layer}`]])
      builder.node('Relu', [[`m${layer}`], [`h${layer + 1}`]])
    }
    const built = builder.node('MatMul', [['h4', 'last'], ['y']]).build()
    this.#bytes = Buffer.from(built.buffer, built.byteOffset, built.byteLength)
    const data = square.data as Float32Array
    this.#mark = this.#bytes.indexOf(Buffer.from(data.buffer, 0, 64))
    if (this.#mark < 0) throw new Error('the weights are not where they were written')
  }

  /** The same buffer each time, with other bytes: use it before the next call. */
  variant(seed: number): BenchModel {
    for (let index = 0; index < 16; index++) {
      this.#bytes.writeFloatLE((((seed * 31 + index) % 97) - 48) / 4_000, this.#mark + 4 * index)
    }
    const measured = { loadMs: 700, memoryBytes: 600 * MIB }
    return { files: this.#bytes, signature: signatureOf(8, 4), inputs: 8, measured }
  }
}

/** Seeded weights that keep the size of what runs through them. */
function weights(rows: number, columns: number, seed: number): OnnxTensor {
  const data = new Float32Array(rows * columns)
  const scale = Math.sqrt(6 / rows)
  let state = (seed * 2_654_435_761 + 1) >>> 0
  for (let index = 0; index < data.length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    data[index] = (state / 2 ** 31 - 1) * scale
  }
  return { dtype: 'float32', shape: [rows, columns], data }
}

function signatureOf(inputs: number, outputs: number): Signature {
  const dtype: DType = 'float32'
  return {
    inputs: [{ name: 'x', dtype, shape: ['N', inputs] }],
    outputs: [{ name: 'y', dtype, shape: ['N', outputs] }],
  }
}
