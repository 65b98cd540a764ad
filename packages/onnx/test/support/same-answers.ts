import type { NamedTensors } from '@understudy/core'
import { expect } from 'vitest'
import { firstDifference } from '../../src/golden/compare-tensors.ts'
import { type BuiltForm, runForm } from './form-fixture.ts'

const TOLERANCE = { atol: 1e-5, rtol: 1e-4 }

/** Fails unless plain, prepacked and mapped give the same answers, within tolerance. */
export async function expectSameAnswers(
  plain: string,
  built: BuiltForm,
  inputs: NamedTensors,
): Promise<void> {
  const wanted = await runForm(plain, 'prepacked', inputs)
  for (const form of ['prepacked', 'mapped'] as const) {
    const found = await runForm(built.path, form, inputs)
    expect([...found.keys()]).toEqual([...wanted.keys()])
    for (const [name, tensor] of wanted) {
      const other = found.get(name)
      expect(other && firstDifference(tensor, other, TOLERANCE), `${name}, ${form}`).toBeUndefined()
    }
  }
}
