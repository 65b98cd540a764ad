import type { NamedTensors, Tensor, TensorData } from '@understudy/core'
import type { ComparableAnswer } from '@understudy/rollout'
import type { ComparisonRun } from './comparison-protocol.ts'

/** Larger buffers are handed over instead of being copied once more. */
const TRANSFER_FROM_BYTES = 64 * 1024

/** A run that shares no memory with the request path, and the buffers that may be handed over with it. */
export interface DetachedRun {
  readonly run: ComparisonRun
  readonly transfer: ArrayBuffer[]
  readonly sizeBytes: number
}

/** A cloned view carries its whole buffer along, which may be a frame of many requests: views are copied out first. */
function detachData(data: TensorData, transfer: ArrayBuffer[]): { data: TensorData; sizeBytes: number } {
  if (Array.isArray(data)) return { data, sizeBytes: data.reduce((sum, text) => sum + 2 * text.length, 0) }
  const view = data as Float32Array
  const isWhole = view.byteLength === view.buffer.byteLength
  if (isWhole && view.byteLength < TRANSFER_FROM_BYTES) return { data: view, sizeBytes: view.byteLength }
  const copy = view.slice()
  if (copy.byteLength >= TRANSFER_FROM_BYTES && copy.buffer instanceof ArrayBuffer) transfer.push(copy.buffer)
  return { data: copy, sizeBytes: copy.byteLength }
}

/** Makes a run ready to cross into the worker; what it was made of stays usable. */
export function detachRun({ plan, tasks }: ComparisonRun): DetachedRun {
  const transfer: ArrayBuffer[] = []
  let sizeBytes = 0
  const detachAll = (tensors: NamedTensors): NamedTensors => {
    const detached = new Map<string, Tensor>()
    for (const [name, { dtype, shape, data }] of tensors) {
      const own = detachData(data, transfer)
      sizeBytes += own.sizeBytes
      detached.set(name, { dtype, shape, data: own.data })
    }
    return detached
  }
  const detachAnswer = (answer: ComparableAnswer): ComparableAnswer =>
    'outputs' in answer ? { outputs: detachAll(answer.outputs) } : answer
  const own = tasks.map(({ pair, unitRow }) => ({
    unitRow,
    pair: {
      ...pair,
      inputs: detachAll(pair.inputs),
      baseline: detachAnswer(pair.baseline),
      candidate: detachAnswer(pair.candidate),
    },
  }))
  return { run: { plan, tasks: own }, transfer, sizeBytes }
}
