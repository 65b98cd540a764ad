import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { linearModel } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildForm } from '../src/forms/build-form.ts'
import { FormFixture, inputOf } from './support/form-fixture.ts'

let fixture: FormFixture
const file = (name: string) => path.join(fixture.directory, name)

beforeAll(async () => {
  fixture = await FormFixture.create()
})
afterAll(() => fixture?.remove())

async function write(name: string, bytes: Uint8Array): Promise<string> {
  await writeFile(file(name), bytes)
  return file(name)
}

describe('an artifact that holds other bytes', () => {
  it.each<[string, (bytes: Buffer) => Uint8Array, RegExp]>([
    ['cut off', (bytes) => bytes.subarray(0, 2_000_000), /has 2000000 bytes; expected 2097\d{3}/],
    ['longer', (bytes) => Buffer.concat([bytes, Buffer.of(0)]), /has more bytes/],
    [
      'replaced',
      (bytes) => Buffer.from(bytes).fill(1, 1_000_000, 1_000_010),
      /has sha256 [0-9a-f]{64}; expected/,
    ],
  ])('when %s, is refused with what was found and expected', async (what, change, message) => {
    const bytes = Buffer.from(linearModel({ inputs: 1_024, outputs: 512 }))
    const plain = await write('damaged.onnx', bytes)
    const input = await inputOf(plain)
    await writeFile(plain, change(bytes))
    const request = { digest: 'd', entryPoint: input.path, files: [input] }
    expect(() => buildForm(request, file(`damaged-${what}`))).toThrow(
      expect.objectContaining({ code: 'serving.artifact_damaged', message: expect.stringMatching(message) }),
    )
  })

  it('is refused when it is missing', async () => {
    const input = { ...(await inputOf(await write('gone.onnx', linearModel()))), objectPath: file('nowhere') }
    expect(() => buildForm({ digest: 'd', entryPoint: 'gone.onnx', files: [input] }, file('gone'))).toThrow(
      expect.objectContaining({
        code: 'serving.artifact_damaged',
        message: expect.stringMatching(/is missing/),
      }),
    )
  })
})
