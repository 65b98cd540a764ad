import type { NamedTensors, Signature } from '@understudy/core'
import { describe, expect, it } from 'vitest'
import { checkGolden, type RunModel } from './check-golden.ts'

const signature: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 1] }],
  outputs: [{ name: 'probabilities', dtype: 'float32', shape: ['N', 1] }],
}
const identity: RunModel = async (inputs) =>
  new Map([...inputs].map(([, tensor]) => ['probabilities', tensor]))

function file(x: unknown, probabilities: unknown, tolerance?: unknown) {
  const content = JSON.stringify({
    request: { inputs: { x } },
    response: { outputs: { probabilities } },
    tolerance,
  })
  return { path: 'samples.json', content }
}

async function reasonsOf(files: { path: string; content: string }[], run: RunModel = identity) {
  return (await checkGolden(files, signature, run)).reasons.map(({ code, message }) => `${code}: ${message}`)
}

describe('checkGolden', () => {
  it('is content with answers within tolerance', async () => {
    expect(await reasonsOf([file([[0.5]], [[0.50001]])])).toEqual([])
  })

  it('names file, row, output, answer and expectation', async () => {
    const wrong = file([[0], [0], [0.31]], [[0], [0], [0.94]], { atol: 0.01, rtol: 0 })
    expect(await reasonsOf([wrong])).toEqual([
      'onnx.golden_mismatch: golden sample samples.json row 2: "probabilities" is 0.31, expected 0.94 ± 0.01',
    ])
  })

  it.each([
    ['no JSON', '{', 'not JSON'],
    ['an unknown key', '{"request": {"inputs": {}}, "response": {"outputs": {}}, "extra": 1}', 'extra'],
    ['a missing input', '{"request": {"inputs": {}}, "response": {"outputs": {}}}', 'lacks the input "x"'],
    ['an unknown output', file([[1]], [[1]]).content.replace('probabilities', 'p'), 'no output "p"'],
    ['a wrong shape', file([[1, 2]], [[1]]).content, 'shape [1, 2]; expected float32 [N, 1]'],
  ])('takes %s for a mismatch', async (_what, content, words) => {
    const [reason] = await reasonsOf([{ path: 'samples.json', content }])
    expect(reason).toContain('onnx.golden_mismatch: golden sample samples.json')
    expect(reason).toContain(words)
  })

  it('takes an answer with too few rows for a mismatch', async () => {
    const truncating: RunModel = async () =>
      new Map([
        ['probabilities', { dtype: 'float32', shape: [0, 1], data: new Float32Array(0) }],
      ]) satisfies NamedTensors
    expect((await reasonsOf([file([[1]], [[1]])], truncating))[0]).toContain(
      'is float32 [0, 1], expected float32 [1, 1]',
    )
  })
})
