import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { OnnxBuilder } from '@understudy/testing'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { ExecutorClient } from '../src/process/executor-client.ts'
import { probeSpawnTools, type SpawnTools } from '../src/process/probe-spawn-tools.ts'
import { type BuiltExecutor, buildExecutor } from './support/executor-entry.ts'
import { type BuiltForm, FormFixture } from './support/form-fixture.ts'
import { floats } from './support/in-process.ts'

const WIDTH = 3_200
const WEIGHTS_MIB = 39

let fixture: FormFixture
let executor: BuiltExecutor
let tools: SpawnTools
let form: BuiltForm
let plain: string
const clients: ExecutorClient[] = []

beforeAll(async () => {
  ;[fixture, executor, tools] = await Promise.all([FormFixture.create(), buildExecutor(), probeSpawnTools()])
  await chmod(fixture.directory, 0o755)
  plain = path.join(fixture.directory, 'model.onnx')
  const data = Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => (i % 7) - 3)
  const model = new OnnxBuilder()
    .input('x', 'float32', ['N', WIDTH])
    .output('y', 'float32', ['N', WIDTH])
    .initializer('W', { dtype: 'float32', shape: [WIDTH, WIDTH], data })
    .node('MatMul', [['x', 'W'], ['y']])
  await writeFile(plain, model.build())
  form = await fixture.build(plain)
})
afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())))
afterAll(() => Promise.all([fixture?.remove(), executor?.remove()]))

/** Memory of an executor after one run: what is its own, and what it maps of the weights; in MiB. */
async function memoryAfterRun(modelPath: string, kind: 'mapped' | 'prepacked') {
  const client = await ExecutorClient.start({ entry: executor.entry, tools })
  clients.push(client)
  const before = await anonymousMib(client.pid)
  const { model } = await client.load({ path: modelPath, form: kind, intraOpThreads: 1, limitMs: 30_000 })
  await client.run(model, new Map([['x', floats([1, WIDTH], ...new Array<number>(WIDTH).fill(1))]]), 30_000)
  return {
    grownMib: (await anonymousMib(client.pid)) - before,
    mappedMib: await mappedMib(client.pid, 'weights.bin'),
  }
}

async function anonymousMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}

/** Resident bytes of all mappings of a file. */
async function mappedMib(pid: number, name: string): Promise<number> {
  let inFile = false
  let kib = 0
  for (const line of (await readFile(`/proc/${pid}/smaps`, 'utf8')).split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) inFile = line.endsWith(name)
    else if (inFile && line.startsWith('Rss:')) kib += Number(/\d+/.exec(line)?.[0])
  }
  return kib / 1024
}

it('maps the weights of a mapped form from its file instead of copying them', async () => {
  expect(form.weightsBytes).toBe(WIDTH * WIDTH * 4)
  const { grownMib, mappedMib: sharedMib } = await memoryAfterRun(form.path, 'mapped')
  expect(sharedMib).toBeGreaterThan(WEIGHTS_MIB * 0.95)
  expect(grownMib).toBeLessThan(WEIGHTS_MIB / 2)
})

it('holds the weights of a prepacked form once, and those of a plain model at least once', async () => {
  const prepacked = await memoryAfterRun(form.path, 'prepacked')
  expect(prepacked.mappedMib).toBe(0)
  expect(prepacked.grownMib).toBeGreaterThan(WEIGHTS_MIB * 0.9)
  expect(prepacked.grownMib).toBeLessThan(WEIGHTS_MIB * 1.5)
  expect((await memoryAfterRun(plain, 'prepacked')).grownMib).toBeGreaterThan(WEIGHTS_MIB * 0.9)
})
