import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { ERROR_REGISTRY } from '../src/index.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const SKIPPED = new Set([
  'node_modules',
  'dist',
  '.next',
  '.turbo',
  'generated',
  'test',
  'testing',
  'registry',
])

/** Production sources below a folder. */
async function sources(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (SKIPPED.has(entry.name)) continue
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) found.push(...(await sources(file)))
    else if (/\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name)) found.push(file)
  }
  return found
}

it('every error code is reported somewhere: none is dead', async () => {
  const folders = ['packages', 'apps'].map((name) => sources(path.join(ROOT, name)))
  const texts = await Promise.all((await Promise.all(folders)).flat().map((file) => readFile(file, 'utf8')))
  const text = texts.join('\n')
  expect(Object.keys(ERROR_REGISTRY).filter((code) => !text.includes(`'${code}'`))).toEqual([])
})
