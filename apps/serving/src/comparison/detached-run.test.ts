import type { Tensor } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { detachRun } from './detached-run.ts'

const runOf = (tensor: Tensor) => ({
  plan: { compare: {}, outputs: [] },
  tasks: [
    {
      unitRow: 0,
      pair: {
        requestId: 'a',
        rows: 1,
        inputs: new Map([['x', tensor]]),
        baseline: { errorCode: 'onnx.run_failed' },
        candidate: { errorCode: 'onnx.run_failed' },
      },
    },
  ],
})
const firstInput = (detached: ReturnType<typeof detachRun>) =>
  detached.run.tasks[0]?.pair.inputs.get('x')?.data

describe('detachRun', () => {
  it('copies a view out of its frame, so that the frame does not cross over', () => {
    const frame = new Float32Array(1_000).fill(7)
    const data = firstInput(detachRun(runOf({ dtype: 'float32', shape: [2], data: frame.subarray(10, 12) })))
    expect(data).toEqual(new Float32Array([7, 7]))
    expect((data as Float32Array).buffer.byteLength).toBe(8)
  })

  it('hands large copies over and leaves the original usable', () => {
    const large = new Float64Array(10_000).fill(1)
    const { transfer, sizeBytes, ...rest } = detachRun(
      runOf({ dtype: 'float64', shape: [10_000], data: large }),
    )
    expect(transfer).toHaveLength(1)
    expect(sizeBytes).toBe(80_000)
    structuredClone(rest.run, { transfer })
    expect(large.length).toBe(10_000)
  })

  it('counts the size of texts', () => {
    expect(detachRun(runOf({ dtype: 'string', shape: [2], data: ['ab', 'c'] })).sizeBytes).toBe(6)
  })
})
