import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  loadVersionToValidate,
  recordValidation,
  type ValidationResult,
  type VersionToValidate,
  WorkQueue,
} from '../src/index.ts'
import { SIGNATURE, step, VALIDATED, World } from './support/index.ts'

let world: World
let queue: WorkQueue
let counter = 0
let model = ''

beforeAll(async () => {
  world = await World.open()
  await world.node('node-1')
  queue = new WorkQueue(world.database, { holder: 'test' })
})
afterAll(() => world.close())
beforeEach(async () => {
  counter += 1
  model = `model-${counter}`
  await world.database.prisma.workKey.deleteMany()
})

const REJECTED: ValidationResult = {
  ok: false,
  reasons: [{ code: 'onnx.golden_mismatch', message: 'golden sample a.json: "y" is 1, expected 2' }],
}

async function loaded(number: number): Promise<VersionToValidate> {
  const version = await loadVersionToValidate(world.database.prisma, model, number)
  if (!version) throw new Error(`${model}@${number} does not wait for validation`)
  return version
}
const record = (version: VersionToValidate, result: ValidationResult) =>
  world.database.transaction((tx) => recordValidation(tx, version, result))
const state = async (number: number) =>
  (await world.record(model)).versions.find((version) => version.number === number)?.state

describe('recordValidation', () => {
  it('records what a good version is and needs, and asks for its model', async () => {
    await world.push(model, 1)
    await world.database.prisma.workKey.deleteMany()
    await record(await loaded(1), VALIDATED)
    expect((await world.record(model)).versions).toMatchObject([
      { state: 'validated', signature: SIGNATURE, batchable: true, loadMs: 12, memoryBytes: 1_000_000 },
    ])
    expect(await queue.claim()).toMatchObject({ kind: 'model', key: model })
    expect((await world.sentences(model)).at(-1)).toBe(`${model} v1 passed validation`)
  })

  it('records why a bad version is rejected', async () => {
    await world.push(model, 1)
    await record(await loaded(1), REJECTED)
    expect((await world.record(model)).versions).toMatchObject([
      { state: 'rejected', reasons: REJECTED.ok ? [] : REJECTED.reasons },
    ])
    expect((await world.sentences(model)).at(-1)).toContain('was rejected: golden sample a.json')
  })

  it('has nothing to validate when that was done before', async () => {
    await world.pushValid(model, 1)
    expect(await loadVersionToValidate(world.database.prisma, model, 1)).toBeUndefined()
    expect(await loadVersionToValidate(world.database.prisma, model, 2)).toBeUndefined()
  })

  it('compares with the signature of what is live', async () => {
    await world.withLive(model)
    await world.push(model, 2)
    expect((await loaded(2)).liveSignature).toEqual(SIGNATURE)
  })

  it('takes reasons and names that Postgres cannot store as they are', async () => {
    await world.push(model, 1)
    await record(await loaded(1), {
      ok: false,
      reasons: [{ code: 'onnx.load_failed', message: 'no operator "a\0b"' }],
    })
    expect((await world.record(model)).versions[0]?.reasons[0]?.message).toBe('no operator "a\uFFFDb"')
    await world.push(model, 2)
    const odd = { inputs: [{ name: 'x\0', dtype: 'float32', shape: ['N\ud800'] }], outputs: [] } as const
    await record(await loaded(2), { ...VALIDATED, signature: odd })
    expect(await state(2)).toBe('validated')
  })
})

describe('a result that speaks of what is no longer recorded', () => {
  const lateFor = async (change: () => Promise<void>, result: ValidationResult) => {
    await world.push(model, 1, { bytes: 'one', golden: 'wrong' })
    const before = await loaded(1)
    await change()
    await world.database.prisma.workKey.deleteMany()
    await record(before, result)
    return { state: await state(1), asked: await queue.claim(['version']) }
  }

  it('is not recorded when golden samples changed meanwhile: the version is validated again', async () => {
    const outcome = await lateFor(
      () => world.sync(step.golden(model, 1, { bytes: 'one', golden: 'right' })),
      REJECTED,
    )
    expect(outcome).toMatchObject({ state: 'validating', asked: { key: `${model}/1` } })
    await world.validate(model, 1)
    expect(await state(1)).toBe('validated')
  })

  it('is not recorded when model.yaml changed meanwhile', async () => {
    const outcome = await lateFor(
      () => world.sync(step.config(model, 'runtime: {intraOpThreads: 2}')),
      VALIDATED,
    )
    expect(outcome).toMatchObject({ state: 'validating', asked: { key: `${model}/1` } })
  })

  it('is not recorded when another controller recorded one before', async () => {
    const outcome = await lateFor(() => world.validate(model, 1), REJECTED)
    expect(outcome).toMatchObject({ state: 'validated', asked: undefined })
  })
})
