import type { NamedTensors, Tensor } from '@understudy/core'
import { loadNativeLibrary } from '../../src/executor/native-library.ts'
import { SessionHost } from '../../src/executor/session-host.ts'

/** Loads and runs a model in the test's own process: what an executor must equal. */
export async function runInProcess(modelPath: string, inputs: NamedTensors): Promise<NamedTensors> {
  // The library would report to its maker.
  process.env.ORT_DISABLE_TELEMETRY = '1'
  const host = new SessionHost(await loadNativeLibrary())
  const { model } = host.load({ path: modelPath, form: 'prepacked', intraOpThreads: 1 })
  const outputs = host.run(model, inputs)
  host.unload(model)
  return outputs
}

export function floats(shape: readonly number[], ...values: number[]): Tensor {
  return { dtype: 'float32', shape, data: Float32Array.from(values) }
}
