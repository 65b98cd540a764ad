import type { NamedTensors, Signature } from '@understudy/core'
import { isSuspectError } from '@understudy/serving'
import { OnnxBuilder } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { OnnxServable } from '../src/loader/onnx-servable.ts'
import { floats } from '../test/support/in-process.ts'
import { PoolRig } from '../test/support/pool-rig.ts'

const MIB = 2 ** 20
const SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 1] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 1] }],
}

/** In an executor of its own, of 1 GiB. Filling memory takes a busy machine its time. */
const KEEPING = {
  measured: { loadMs: 100, memoryBytes: 700 * MIB },
  signature: SIGNATURE,
  warmUpInputs: [],
  runTimeoutMs: 40_000,
  timeoutMs: 40_000,
}

let rig: PoolRig

beforeAll(async () => {
  rig = await PoolRig.create()
})
afterEach(async () => {
  expect(await rig.reset()).toEqual([])
})
afterAll(() => rig?.remove())

/** A run takes a mebibyte for each row, and the library keeps it for runs of that size: each larger one takes its own on top. */
function keepingModel(): Uint8Array {
  return new OnnxBuilder()
    .input('x', 'float32', ['N', 1])
    .output('y', 'float32', ['N', 1])
    .initializer('wide', { dtype: 'int64', shape: [2], data: BigInt64Array.of(1n, 2n ** 18n) })
    .initializer('axes', { dtype: 'int64', shape: [1], data: BigInt64Array.of(1n) })
    .node('Expand', [['x', 'wide'], ['huge']])
    .node('ReduceMax', [['huge'], ['y']], { attributes: { axes: [1], keepdims: 1 } })
    .build()
}

function rowsOf(rows: number): NamedTensors {
  return new Map([['x', floats([rows, 1], ...new Array<number>(rows).fill(rows))]])
}

/** As a node does: who is suspect runs alone. */
async function answer(servable: OnnxServable, rows: number): Promise<unknown> {
  const x = rowsOf(rows)
  try {
    return (await servable.run(x)).outputs.get('y')?.data[0]
  } catch (error) {
    if (!isSuspectError(error)) throw error
    return (await servable.runAlone(x)).outputs.get('y')?.data[0]
  }
}

it('an executor whose runs keep its memory is replaced, and every run is answered, also the one that found none left', async () => {
  const path = await rig.folder.write('keeping.onnx', keepingModel())
  const servable = await rig.serve(path, KEEPING)
  const pid = servable.place?.pid
  for (const rows of [100, 200, 400]) expect(await answer(servable, rows)).toBe(rows)
  expect(servable.place?.pid).toBe(pid)
  // Alone it fits well; beside what those before it have left, it does not.
  const rest = await Promise.all([550, 1, 2].map((rows) => answer(servable, rows)))
  expect(rest).toEqual([550, 1, 2])
  expect(servable.place?.pid).not.toBe(pid)
  expect(rig.incidents).toMatchObject([{ kind: 'memory' }])
})

it('a suspect that finds no memory left by other suspects is run again in a process of its own', async () => {
  const path = await rig.folder.write('keeping-alone.onnx', keepingModel())
  const servable = await rig.serve(path, KEEPING)
  const sizes = [100, 200, 400, 550]
  const alone = sizes.map(async (rows) => (await servable.runAlone(rowsOf(rows))).outputs.get('y')?.data[0])
  expect(await Promise.all(alone)).toEqual(sizes)
})
