import { defaultModelConfig } from '@understudy/core'
import type { Problem } from '@understudy/gitops'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadRecordedRepository, loadVersionToValidate, WorkQueue } from '../src/index.ts'
import { digestOf, step, World } from './support/index.ts'

let world: World
let queue: WorkQueue
let counter = 0
/** A model of its own for every test. */
let model = ''

beforeAll(async () => {
  world = await World.open()
  queue = new WorkQueue(world.database, { holder: 'test' })
})
afterAll(() => world.close())
beforeEach(async () => {
  counter += 1
  model = `model-${counter}`
  await world.database.prisma.workKey.deleteMany()
})

async function asked(): Promise<string[]> {
  const keys: string[] = []
  for (let claim = await queue.claim(); claim; claim = await queue.claim()) {
    keys.push(`${claim.kind} ${claim.key}`)
    await queue.finish(claim)
  }
  return keys.sort()
}

const files = { bytes: 'weights', golden: '{}' }
const problemAt = (path: string, message = 'no good'): Problem => ({
  path: `models/${model}/${path}`,
  code: 'gitops.file_empty',
  message,
})
const mutated = {
  code: 'gitops.version_mutated',
  message: 'The files under 1 changed.',
} as const

const versions = async () =>
  (await world.record(model)).versions.map(({ number, state, atTip }) => ({ number, state, atTip }))
const recorded = async () => {
  const { models } = await loadRecordedRepository(world.database.prisma, world.repositoryId)
  return models.find((candidate) => candidate.name === model)
}

describe('applySync', () => {
  it('records a new model and version with what brought it, and asks for validation', async () => {
    await world.sync(step.newModel(model, 'description: Flowers\n'), step.newVersion(model, 1, files))
    const record = await world.record(model)
    expect(record.config.description).toBe('Flowers')
    expect(record.versions).toMatchObject([
      {
        number: 1,
        digest: digestOf('weights'),
        state: 'validating',
        atTip: true,
        authorName: 'Ada',
        commitSubject: `push ${model} v1`,
        sizeBytes: 7,
      },
    ])
    expect(await asked()).toEqual([`model ${model}`, `version ${model}/1`])
    expect(await loadVersionToValidate(world.database.prisma, model, 1)).toMatchObject({
      serving: [{ path: 'model.onnx' }],
      golden: [{ path: 'samples.json' }],
      liveSignature: null,
    })
    expect(await recorded()).toMatchObject({
      configText: 'description: Flowers\n',
      versions: [{ number: 1, atTip: true, refusals: [] }],
    })
  })

  it('accepts the commit and writes one audit entry for each model', async () => {
    await world.sync(step.newModel(model, null), step.newVersion(model, 1, files))
    const { prisma } = world.database
    const repository = await prisma.repository.findUniqueOrThrow({ where: { id: world.repositoryId } })
    expect(repository).toMatchObject({ stalledReason: null, problem: null })
    expect(repository.acceptedCommit).toMatch(/^[0-9a-f]{40}$/)
    expect(await world.sentences(model)).toEqual([`${model}: the model is new; v1 was pushed`])
  })

  it('takes the defaults for a model without model.yaml, and again when it is deleted', async () => {
    await world.push(model, 1)
    expect((await world.record(model)).config).toEqual(defaultModelConfig())
    await world.sync(step.config(model, 'rollout: {strategy: immediate}'))
    expect((await world.record(model)).config.rollout.strategy).toBe('immediate')
    await world.sync(step.config(model, null))
    expect((await world.record(model)).config).toEqual(defaultModelConfig())
  })

  it('keeps the last valid configuration when model.yaml is wrong, and says where it is', async () => {
    await world.push(model, 1, { config: 'description: Good\n' })
    await world.sync(step.config(model, 'description: Better\nrollout:\n  shadw: {sample: 0.5}\n'))
    expect(await world.record(model)).toMatchObject({
      config: { description: 'Good' },
      configProblem: `models/${model}/model.yaml:3:3: rollout: unknown key "shadw".`,
    })
    await world.sync(step.config(model, 'description: Better\n'))
    expect(await world.record(model)).toMatchObject({
      config: { description: 'Better' },
      configProblem: null,
    })
  })

  it('keeps the last valid configuration when signatures do not fit what is live, and says why', async () => {
    await world.node('node-1')
    await world.withLive(model, { config: 'description: Good\n' })
    const mapping = (output: string) =>
      `description: Better\nsignatures: {a: {method: regress, value: ${output}}}\n`
    await world.sync(step.config(model, mapping('z')))
    expect(await world.record(model)).toMatchObject({
      config: { description: 'Good' },
      configProblem: `models/${model}/model.yaml does not fit ${model}@1, which is live: signatures.a.value: the model has no output "z"; it has label, score.`,
    })
    await world.sync(step.config(model, mapping('score')))
    expect(await world.record(model)).toMatchObject({
      config: { description: 'Better', signatures: { a: { method: 'regress', value: 'score' } } },
      configProblem: null,
    })
    expect(await versions()).toMatchObject([{ number: 1, state: 'validated' }])
  })

  it('validates rejected versions again when model.yaml changes, and leaves validated ones alone', async () => {
    await world.pushValid(model, 1)
    await world.push(model, 2)
    await world.validate(model, 2, { ok: false, reasons: [{ code: 'onnx.golden_mismatch', message: 'off' }] })
    await asked()
    await world.sync(step.config(model, 'runtime: {intraOpThreads: 2}'))
    expect(await versions()).toMatchObject([
      { number: 2, state: 'validating' },
      { number: 1, state: 'validated' },
    ])
    expect(await asked()).toContain(`version ${model}/2`)
  })

  it('validates a rejected version again when its golden samples change; a validated one keeps its verdict', async () => {
    await world.pushValid(model, 1)
    await world.push(model, 2, { bytes: 'two', golden: 'wrong' })
    await world.validate(model, 2, { ok: false, reasons: [{ code: 'onnx.golden_mismatch', message: 'off' }] })
    await world.sync(
      step.golden(model, 1, { bytes: `${model} 1`, golden: 'more' }),
      step.golden(model, 2, { bytes: 'two', golden: 'right' }),
    )
    expect(await versions()).toMatchObject([
      { number: 2, state: 'validating' },
      { number: 1, state: 'validated' },
    ])
    const again = await loadVersionToValidate(world.database.prisma, model, 2)
    expect(again?.golden[0]?.sizeBytes).toBe('right'.length)
  })

  it('refuses changed bytes under a used number: the recorded version goes on, with the refusal beside it', async () => {
    await world.pushValid(model, 1)
    await world.sync(step.tip({ type: 'mutatedVersion', model, number: 1, refusal: mutated }))
    expect((await world.record(model)).versions).toMatchObject([
      { number: 1, state: 'validated', digest: digestOf(`${model} 1`), atTip: true, refusals: [mutated] },
    ])
    expect((await recorded())?.versions[0]?.refusals).toEqual([mutated])
    await world.sync(step.tip({ type: 'refusalEnded', model, number: 1 }))
    expect((await world.record(model)).versions[0]?.refusals).toEqual([])
  })

  it('records that a version left Git and came back; it stays what it was', async () => {
    await world.pushValid(model, 1)
    await world.sync(step.tip({ type: 'missingVersion', model, number: 1 }))
    expect(await versions()).toEqual([{ number: 1, state: 'validated', atTip: false }])
    await world.sync(step.tip({ type: 'returnedVersion', model, number: 1 }))
    expect(await versions()).toEqual([{ number: 1, state: 'validated', atTip: true }])
    expect((await world.sentences(model)).slice(-2)).toEqual([
      `${model}: v1 left Git`,
      `${model}: v1 is back in Git`,
    ])
  })

  it('changes nothing when it fails half way: the commit is not accepted', async () => {
    await world.push(model, 1)
    const before = await world.database.prisma.repository.findFirstOrThrow()
    const twice = world.sync(step.config(model, 'description: Half\n'), step.newVersion(model, 1, files))
    await expect(twice).rejects.toThrow()
    expect((await world.record(model)).config.description).toBe('')
    expect(await world.database.prisma.repository.findFirstOrThrow()).toEqual(before)
  })
})

describe('a version that is refused at the tip', () => {
  it('is shown as a rejected number with its reasons, and its number is not used up', async () => {
    await world.push(model, 1)
    await world.sync(
      step.problems(model, [
        problemAt('2/model.onnx', 'models/x/2/model.onnx has 0 bytes.'),
        problemAt('2/w.bin', 'models/x/2/w.bin is a symlink.'),
        problemAt('v3', 'v3 is no number'),
      ]),
    )
    const record = await world.record(model)
    expect(record.versions[0]).toMatchObject({
      number: 2,
      state: 'rejected',
      reasons: [
        { code: 'gitops.file_empty', message: 'models/x/2/model.onnx has 0 bytes.' },
        { code: 'gitops.file_empty', message: 'models/x/2/w.bin is a symlink.' },
      ],
    })
    expect(record.problems.map((problem) => problem.path)).toContain(`models/${model}/v3`)
    expect((await recorded())?.versions.map((version) => version.number)).toEqual([1])
    expect(await loadVersionToValidate(world.database.prisma, model, 2)).toBeUndefined()
    expect((await asked()).filter((key) => key.includes('/2'))).toEqual([])
  })

  it('may be corrected in place', async () => {
    await world.push(model, 1)
    await world.sync(step.problems(model, [problemAt('2/model.onnx')]))
    await world.sync(step.problems(model, []), step.newVersion(model, 2, files))
    expect(await versions()).toMatchObject([{ number: 2, state: 'validating', atTip: true }, { number: 1 }])
    expect(await recorded()).toMatchObject({ problems: [], versions: [{ number: 1 }, { number: 2 }] })
  })

  it('disappears with its last problem', async () => {
    await world.push(model, 1)
    await world.sync(step.problems(model, [problemAt('2/model.onnx')]))
    await world.sync(step.problems(model, []))
    expect(await versions()).toMatchObject([{ number: 1 }])
  })

  it('does not stand for a number that is in use: what was recorded goes on', async () => {
    await world.pushValid(model, 1)
    await world.sync(step.problems(model, [problemAt('1/golden/a.json')]))
    expect(await versions()).toEqual([{ number: 1, state: 'validated', atTip: true }])
  })

  it.each(['0', '01', '-1', '1.5', '9007199254740993', '99999999999999999999', 'one'])(
    'is no version when its directory is named %s',
    async (directory) => {
      await world.push(model, 1)
      await world.sync(step.problems(model, [problemAt(directory)]))
      expect(await versions()).toMatchObject([{ number: 1 }])
    },
  )
})
