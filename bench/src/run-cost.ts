import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { BenchModel } from './models.ts'

const RUNS = 100
/** Layers of the models that are tried first: a run costs something besides its layers. */
const FEW = 4
const MANY = 20

/** Time of one row, run alone in this process, in milliseconds: the least of many, since whatever else the machine does only adds. */
export async function rowCostMs({ files, inputs }: BenchModel): Promise<number> {
  const session = await InferenceSession.create(files, { intraOpNumThreads: 1 })
  let leastMs = Number.POSITIVE_INFINITY
  for (let run = 0; run < RUNS; run++) {
    const x = new Tensor('float32', new Float32Array(inputs).fill(0.5), [1, inputs])
    const beganMs = performance.now()
    await session.run({ x })
    leastMs = Math.min(leastMs, performance.now() - beganMs)
  }
  await session.release()
  return leastMs
}

/** What the model answers for one row. */
export async function answerOf({ files }: BenchModel, row: readonly number[]): Promise<readonly number[]> {
  const session = await InferenceSession.create(files, { intraOpNumThreads: 1 })
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.from(row), [1, row.length]) })
  await session.release()
  return [...((y?.data ?? []) as Float32Array)]
}

/** A model of so many layers that its rows take about this long on this machine, and how long they take. */
export async function modelOfCost(
  costMs: number,
  modelOf: (layers: number) => BenchModel,
): Promise<{ readonly model: BenchModel; readonly costMs: number }> {
  const [fewMs, manyMs] = [await rowCostMs(modelOf(FEW)), await rowCostMs(modelOf(MANY))]
  const layerMs = (manyMs - fewMs) / (MANY - FEW)
  const model = modelOf(Math.max(1, Math.round(FEW + (costMs - fewMs) / layerMs)))
  return { model, costMs: await rowCostMs(model) }
}
