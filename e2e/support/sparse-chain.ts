import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { OnnxBuilder } from '@understudy/testing'

const WIDTH = 8_192
const LAYERS = 9
const LAYER_BYTES = WIDTH * WIDTH * 4
const INPUTS = 4
const OUTPUTS = 3
const LOCATION = 'weights.bin'

/** Where row `row` of a layer has its only weight, and how large that is. Odd factors reach every column once. */
function weightOf(layer: number, row: number): { readonly column: number; readonly weight: number } {
  return { column: (row * (2 * layer + 3) + 17 * layer) % WIDTH, weight: 1 + layer / 16 }
}

/**
 * A model with 2.25 GiB of external weights, nine square layers of which each row holds one number: its answers are known without ONNX
 * Runtime, and the holes of its file cost no disk.
 */
export class SparseChain {
  readonly signature = {
    inputs: [{ name: 'x', dtype: 'float32', shape: ['N', INPUTS] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['N', OUTPUTS] }],
  } as const
  readonly weightsBytes = LAYERS * LAYER_BYTES

  /** Writes it and gives its files. @param offset where the first weight begins; at a multiple of 4096 the file may be mapped as it is */
  async write(folder: string, offset: number): Promise<Readonly<Record<string, string>>> {
    await mkdir(folder, { recursive: true })
    const weights = path.join(folder, LOCATION)
    const file = await open(weights, 'w')
    const value = Buffer.alloc(4)
    for (let layer = 0; layer < LAYERS; layer++) {
      for (let row = 0; row < WIDTH; row++) {
        const { column, weight } = weightOf(layer, row)
        value.writeFloatLE(weight)
        await file.write(value, 0, 4, offset + layer * LAYER_BYTES + (row * WIDTH + column) * 4)
      }
    }
    await file.truncate(offset + this.weightsBytes)
    await file.close()
    const model = path.join(folder, 'model.onnx')
    const graph = await open(model, 'w')
    await graph.write(this.#graph(offset))
    await graph.close()
    return { 'model.onnx': model, [LOCATION]: weights }
  }

  /** What it answers to one row. */
  answer(row: readonly number[]): readonly number[] {
    const y = new Array<number>(OUTPUTS).fill(0)
    for (const [input, value] of row.entries()) {
      let at = this.#entry(input)
      let product = value
      for (let layer = 0; layer < LAYERS; layer++) {
        const { column, weight } = weightOf(layer, at)
        product *= weight
        at = column
      }
      const output = at % OUTPUTS
      y[output] = (y[output] ?? 0) + product
    }
    return y
  }

  #entry(input: number): number {
    return (1 + input * 997) % WIDTH
  }

  #graph(offset: number): Uint8Array {
    const first = new Float32Array(INPUTS * WIDTH)
    for (let input = 0; input < INPUTS; input++) first[input * WIDTH + this.#entry(input)] = 1
    const last = Float32Array.from({ length: WIDTH * OUTPUTS }, (_, at) =>
      Math.floor(at / OUTPUTS) % OUTPUTS === at % OUTPUTS ? 1 : 0,
    )
    const builder = new OnnxBuilder()
      .input('x', 'float32', ['N', INPUTS])
      .output('y', 'float32', ['N', OUTPUTS])
      .initializer('first', { dtype: 'float32', shape: [INPUTS, WIDTH], data: first })
      .initializer('last', { dtype: 'float32', shape: [WIDTH, OUTPUTS], data: last })
      .node('MatMul', [['x', 'first'], ['h0']])
    for (let layer = 0; layer < LAYERS; layer++) {
      const place = { location: LOCATION, offset: offset + layer * LAYER_BYTES, length: LAYER_BYTES }
      builder
        .externalInitializer(`w${layer}`, { dtype: 'float32', shape: [WIDTH, WIDTH] }, place)
        .node('MatMul', [[`h${layer}`, `w${layer}`], [`h${layer + 1}`]])
    }
    return builder.node('MatMul', [[`h${LAYERS}`, 'last'], ['y']]).build()
  }
}
