import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { NamedTensors } from '@understudy/core'
import { externalLinearModel, OnnxBuilder } from '@understudy/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FormFixture, writeBehindHole } from '../test/support/form-fixture.ts'
import { floats } from '../test/support/in-process.ts'
import { expectSameAnswers } from '../test/support/same-answers.ts'

let fixture: FormFixture

beforeAll(async () => {
  fixture = await FormFixture.create()
})
afterAll(() => fixture?.remove())

it('a model whose external data lie behind the first 2 GiB of a file gets pages, and gives its answers', async () => {
  const { weights } = externalLinearModel('far.data', { inputs: 1_024, outputs: 512 })
  const x: NamedTensors = new Map([
    ['x', floats([1, 1_024], ...Array.from({ length: 1_024 }, (_, i) => Math.sin(i)))],
  ])
  const offset = 2 ** 31 + 100
  const far = await writeBehindHole(fixture.file('far.data'), offset, weights)
  const plain = await fixture.write(
    'far.onnx',
    new OnnxBuilder()
      .input('x', 'float32', ['N', 1_024])
      .output('y', 'float32', ['N', 512])
      .externalInitializer(
        'W',
        { dtype: 'float32', shape: [1_024, 512] },
        { location: 'far.data', offset, length: weights.byteLength },
      )
      .node('MatMul', [['x', 'W'], ['y']])
      .build(),
  )
  const built = await fixture.build(plain, far)
  expect(built.files.map((part) => part.path)).toEqual(['weights.bin', 'far.onnx'])
  expect((await readFile(path.join(built.folder, 'weights.bin'))).equals(weights)).toBe(true)
  await expectSameAnswers(plain, built, x)
})
