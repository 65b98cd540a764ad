import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { allocateData, type DType, type NamedTensors, type TensorData } from '@understudy/core'
import { externalLinearModel, OnnxBuilder, OnnxGraph } from '@understudy/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { setElement } from '../src/golden/set-element.ts'
import { syntheticInputs } from '../src/golden/synthetic-inputs.ts'
import { readModelStructureFile } from '../src/structure/read-model-structure.ts'
import { FormFixture, inputOf } from './support/form-fixture.ts'
import { floats } from './support/in-process.ts'
import { expectSameAnswers } from './support/same-answers.ts'

const MIB = 1024 * 1024
const TEMPLATE = path.join(import.meta.dirname, '../../../models-repo-template/models')

let fixture: FormFixture

beforeAll(async () => {
  fixture = await FormFixture.create()
})
afterAll(() => fixture?.remove())

/** A network of square layers, of `width * width * layers * 4` bytes. */
function network(width: number, layers: number): Uint8Array {
  const builder = new OnnxBuilder().input('x', 'float32', ['N', width]).output('y', 'float32', ['N', width])
  for (let layer = 0; layer < layers; layer += 1) {
    const data = Float32Array.from({ length: width * width }, (_, i) => Math.sin(i * (layer + 1)) / width)
    const bias = Float32Array.from({ length: width }, (_, i) => i / width)
    builder
      .initializer(`w${layer}`, { dtype: 'float32', shape: [width, width], data })
      .initializer(`b${layer}`, { dtype: 'float32', shape: [width], data: bias })
      .node('MatMul', [[layer === 0 ? 'x' : `h${layer}`, `w${layer}`], [`m${layer}`]])
      .node('Add', [[`m${layer}`, `b${layer}`], [`a${layer}`]])
      .node('Relu', [[`a${layer}`], [layer === layers - 1 ? 'y' : `h${layer + 1}`]])
  }
  return builder.build()
}

describe('a converted model', () => {
  it('gives the answers of the plain one, mapped and prepacked, and says what it is made of', async () => {
    const plain = await fixture.write('network.onnx', network(1_024, 6))
    const built = await fixture.build(plain)
    expect(built).toMatchObject({ mappable: true, plainReason: null, weightsBytes: 24 * MIB })
    for (const part of built.files) {
      const { mode, size } = await lstat(path.join(built.folder, part.path))
      expect({ mode: mode & 0o777, size }).toEqual({ mode: 0o444, size: part.sizeBytes })
      expect(await inputOf(path.join(built.folder, part.path))).toMatchObject({ sha256: part.sha256 })
    }
    expect((await lstat(built.path)).size).toBeLessThan(100_000)
    await expectSameAnswers(plain, built, new Map([['x', floats([2, 1_024], ...new Array(2_048).fill(0.5))]]))
  })

  it('keeps all of its structure but where its weights lie', async () => {
    const plain = await fixture.write('structure.onnx', network(512, 2))
    const built = await fixture.build(plain)
    const before = await readModelStructureFile(plain)
    expect(await readModelStructureFile(built.path)).toEqual({ ...before, externalFiles: ['weights.bin'] })
  })

  it('leaves the initializers of branches where they are', async () => {
    const branch = (factor: number) =>
      new OnnxGraph(`times${factor}`)
        .output(`b${factor}`, 'float32', [300_000])
        .initializer(`f${factor}`, {
          dtype: 'float32',
          shape: [300_000],
          data: new Float32Array(300_000).fill(factor),
        })
        .node('Mul', [['w', `f${factor}`], [`b${factor}`]])
    const plain = await fixture.write(
      'branches.onnx',
      new OnnxBuilder()
        .input('c', 'bool', [])
        .output('y', 'float32', [300_000])
        .initializer('w', {
          dtype: 'float32',
          shape: [300_000],
          data: Float32Array.from({ length: 300_000 }, Math.cos),
        })
        .node('If', [['c'], ['y']], {
          attributes: { then_branch: { graph: branch(2) }, else_branch: { graph: branch(3) } },
        })
        .build(),
    )
    const built = await fixture.build(plain)
    expect(built.weightsBytes).toBe(1_200_000)
    for (const flag of [0, 1])
      await expectSameAnswers(
        plain,
        built,
        new Map([['c', { dtype: 'bool', shape: [], data: Uint8Array.of(flag) }]]),
      )
  })

  it('holds the exact bytes of every type, whatever sizes its initializers have', {
    timeout: 60_000,
  }, async () => {
    const initializer = fc.record({
      dtype: fc.constantFrom<DType>(
        'float32',
        'float64',
        'float16',
        'int8',
        'uint8',
        'int16',
        'int32',
        'int64',
        'uint64',
        'bool',
        'string',
      ),
      rows: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 3_000, max: 60_000 })),
    })
    let runs = 0
    let converted = 0
    await fc.assert(
      fc.asyncProperty(fc.array(initializer, { minLength: 1, maxLength: 6 }), async (list) => {
        runs += 1
        const plain = await fixture.write(
          `random-${runs}.onnx`,
          gatherModel([...list, { dtype: 'float32', rows: 65_536 }]),
        )
        const built = await fixture.build(plain)
        if (built.mappable) converted += 1
        await expectSameAnswers(
          plain,
          built,
          new Map([['i', { dtype: 'int64', shape: [3], data: BigInt64Array.of(0n, -1n, -2n) }]]),
        )
      }),
      { numRuns: 15 },
    )
    expect(converted).toBe(runs)
  })
})

/** One output per initializer: some of its rows, chosen by the input, so that nothing can be computed beforehand. */
function gatherModel(list: readonly { readonly dtype: DType; readonly rows: number }[]): Uint8Array {
  const builder = new OnnxBuilder().input('i', 'int64', [3])
  for (const [index, { dtype, rows }] of list.entries()) {
    const shape = [Math.max(rows, 2), 4]
    builder
      .initializer(`w${index}`, { dtype, shape, data: elements(dtype, Math.max(rows, 2) * 4) })
      .output(`y${index}`, dtype, [3, 4])
      .node('Gather', [[`w${index}`, 'i'], [`y${index}`]])
  }
  return builder.build()
}

function elements(dtype: DType, count: number): TensorData {
  if (dtype === 'string') return Array.from({ length: count }, (_, i) => `text ${i}`)
  const data = allocateData(dtype, count)
  for (let i = 0; i < count; i += 1) setElement(data, i, dtype === 'bool' ? i % 2 : i % 100)
  return data
}

describe('a model that came with external data', () => {
  const shape = { inputs: 1_024, outputs: 512 }
  const x: NamedTensors = new Map([
    ['x', floats([1, 1_024], ...Array.from({ length: 1_024 }, (_, i) => Math.sin(i)))],
  ])

  it('is linked as it is when its weights lie at pages', async () => {
    const { model, weights } = externalLinearModel('w.data', shape)
    const plain = await fixture.write('aligned.onnx', model)
    const built = await fixture.build(plain, await fixture.write('w.data', weights))
    expect(built).toMatchObject({ mappable: true, weightsBytes: 2 * MIB })
    expect((await lstat(built.path)).ino).toBe((await lstat(plain)).ino)
    await expectSameAnswers(plain, built, x)
  })
})

describe('the plain form', () => {
  it.each(['iris', 'digits'])('is kept for the small model %s, and gives its answers', async (name) => {
    const plain = path.join(TEMPLATE, name, '1/model.onnx')
    const built = await fixture.build(plain)
    expect(built).toMatchObject({ mappable: false, weightsBytes: 0, plainReason: null })
    const { inputs } = await readModelStructureFile(plain)
    const specs = inputs.map((one) => ({ name: one.name, dtype: 'float32' as const, shape: one.shape ?? [] }))
    await expectSameAnswers(plain, built, syntheticInputs({ inputs: specs, outputs: [] }, 2) ?? new Map())
  })

  it('is kept, with the reason, for what is no model', async () => {
    const built = await fixture.build(await fixture.write('readme.onnx', Buffer.from('# not a model')))
    expect(built.mappable).toBe(false)
    expect(built.plainReason).toMatch(/not an ONNX model/)
  })
})
