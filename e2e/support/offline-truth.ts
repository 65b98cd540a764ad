import { InferenceSession, Tensor } from './onnx-package.ts'

/** What a model answers to each row by itself, computed here without the platform: float32 `x [1, n]` to `y`. */
export async function offlineTruth(
  bytes: Uint8Array,
  rows: readonly (readonly number[])[],
): Promise<readonly (readonly number[])[]> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 })
  const answers: number[][] = []
  for (const row of rows) {
    const x = new Tensor('float32', Float32Array.from(row), [1, row.length])
    const { y } = await session.run({ x })
    if (!(y?.data instanceof Float32Array)) throw new Error('the model has no float32 output y')
    answers.push([...y.data])
  }
  await session.release()
  return answers
}

/** Whether two rows are the same within float32 tolerance. */
export function isClose(
  answer: readonly number[] | undefined,
  truth: readonly number[] | undefined,
): boolean {
  return (
    answer !== undefined &&
    truth !== undefined &&
    answer.length === truth.length &&
    answer.every((value, at) => Math.abs(value - (truth[at] ?? Number.NaN)) <= 1e-5 + 1e-4 * Math.abs(value))
  )
}
