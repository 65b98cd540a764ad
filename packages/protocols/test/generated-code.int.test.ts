import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const TOOL = path.resolve(import.meta.dirname, '../tools/generate-protos.mjs')

it('the generated code is what the files in proto say', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [TOOL, '--check'])
  expect(stdout).toBe('The generated code is what proto says.\n')
})
