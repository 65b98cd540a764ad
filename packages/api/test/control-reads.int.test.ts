import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { approve, rollback } from '@understudy/db'
import { type FakeNode, step, World } from '@understudy/db/testing'
import { ArtifactStore } from '@understudy/gitops/artifacts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type ControlService, createControlService } from '../src/control/index.ts'

const model = 'iris'
const ada = 'local:ada'

let world: World
let node: FakeNode
let dataDir: string
let service: ControlService & { close(): Promise<void> }

beforeAll(async () => {
  world = await World.open()
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'understudy-api-'))
  service = createControlService({
    databaseUrl: world.databaseUrl,
    dataDir,
    environment: 'production',
    actor: ada,
    servingUrl: 'http://127.0.0.1:8501',
    repositoryUrl: 'file:///srv/models.git',
    repositoryBranch: 'main',
  })
})
beforeEach(async () => {
  await world.reset()
  node = await world.node('node-1')
})
afterAll(async () => {
  await service.close()
  await world.close()
  await rm(dataDir, { recursive: true })
})

/** Version 2 passed its shadow and waits for approval. */
async function waitsForApproval(name = model): Promise<void> {
  await world.withLive(name)
  await world.pushValid(name, 2)
  await world.settle(name)
  await node.counts(name, { pairs: 600, differing: { score: 7 } })
  await world.settle(name)
}

async function promoted(): Promise<void> {
  await waitsForApproval()
  await approve(world.database, { model, version: 2, actor: ada })
  await world.settle(model)
}

async function rejectVersion(name: string, number: number): Promise<void> {
  await world.push(name, number)
  const reasons = [{ code: 'onnx.load_failed', message: 'unknown operator Foo' }]
  await world.validate(name, number, { ok: false, reasons })
}

describe('overview', () => {
  it('is empty and needs nobody in a fresh installation', async () => {
    expect(await service.overview()).toEqual({ needsYou: [], models: [], recent: [] })
    expect(await service.platform()).toMatchObject({
      environment: 'production',
      actor: ada,
      nodes: { ready: 1, total: 1 },
      needsYouCount: 0,
      openRolloutCount: 0,
      repository: {
        branch: 'main',
        cloneCommand: 'git clone /srv/models.git my-models',
        commit: null,
        stalled: false,
      },
    })
  })

  it('puts what waits for a person first: approvals, then pauses, the repository, refusals, holds', async () => {
    await waitsForApproval('approval')
    await world.withLive('silent', { config: 'rollout: {shadow: {maxDuration: 1h}}' })
    await world.pushValid('silent', 2)
    await world.settle('silent')
    await world.pass('silent', 3_600_000)
    await world.settle('silent')
    await promoted()
    await rollback(world.database, { model, reason: 'wrong answers', actor: ada })
    await world.settle(model)
    await world.withLive('broken')
    await rejectVersion('broken', 2)
    await world.database.prisma.repository.updateMany({ data: { stalledReason: 'history rewritten' } })
    const { needsYou } = await service.overview()
    expect(needsYou.map(({ kind, sentence }) => `${kind}: ${sentence}`)).toEqual([
      'approval: approval v2 passed its shadow and waits for your approval',
      'paused: silent v2 has no evidence: nobody calls silent',
      'repository: The repository file:///srv/models.git is stalled',
      'rejected: broken v2 was rejected',
      'held: iris is held on v1',
    ])
    expect(needsYou[0]?.gates).toMatchObject([{ gate: 'errors', verdict: 'pass' }, { gate: 'disagreement' }])
    expect(needsYou[3]?.detail).toBe('unknown operator Foo v1 goes on.')
    expect((await service.platform()).needsYouCount).toBe(5)
  })

  it('asks once for one thing: a refused version is not told as a problem besides', async () => {
    await world.withLive(model)
    const problem = {
      path: 'models/iris/2/model.onnx',
      code: 'gitops.file_empty',
      message: 'models/iris/2/model.onnx has 0 bytes.',
    } as const
    const directory = { ...problem, path: 'models/iris/v3', message: '"v3" is not a version number.' }
    await world.sync(step.problems(model, [problem, directory]))
    const { needsYou } = await service.overview()
    expect(needsYou.map((item) => item.sentence)).toEqual([
      'iris v2 was rejected',
      'models/iris/v3 was refused',
    ])
  })

  it('shows refused changes and a wrong model.yaml', async () => {
    await world.withLive(model)
    const refusal = { code: 'gitops.version_mutated', message: 'The files under iris@1 changed.' } as const
    await world.sync(
      step.config(model, 'rollout: 3'),
      step.tip({ type: 'mutatedVersion', model, number: 1, refusal }),
    )
    const { needsYou, models } = await service.overview()
    expect(needsYou.map((item) => item.detail)).toEqual([
      'The files under iris@1 changed.',
      expect.stringMatching(/^models\/iris\/model\.yaml:1:10: rollout: /),
    ])
    expect(models).toMatchObject([{ name: model, live: { number: 1 }, rollout: null, held: false }])
  })

  it('shows every model with its rollout, and the newest entries of the log', async () => {
    await waitsForApproval()
    const { models, recent } = await service.overview()
    expect(models).toMatchObject([
      {
        live: { number: 1 },
        rollout: { candidate: { number: 2 }, verdict: 'pass', pairs: 600, minPairs: 500, stepCount: 5 },
        drift: { reason: 'rolloutRunning' },
      },
    ])
    expect(recent).toHaveLength(8)
    expect(recent[0]).toMatchObject({ sentence: 'iris: v2 passed its shadow and waits for approval' })
  })
})

describe('model', () => {
  it('shows versions, evidence, policy, promotions and what it waits for', async () => {
    await waitsForApproval()
    const view = await service.model(model)
    expect(view).toMatchObject({
      live: { number: 1 },
      previous: null,
      generation: 1,
      hold: null,
      versions: [
        {
          number: 2,
          state: 'validated',
          standing: 'untried',
          labels: ['shadow'],
          rollout: { verdict: 'pass' },
        },
        { number: 1, standing: 'proven', labels: ['live'], nodes: [{ node: 'node-1', state: 'available' }] },
      ],
      promotions: [{ kind: 'first', from: null, to: 1 }],
      signature: { inputs: ['x: float32 [N, 4]'], outputs: ['label: int64 [N]', 'score: float32 [N]'] },
      why: { command: 'npx --no-install understudy approve iris' },
    })
    expect(view.rollout?.steps.map(({ step, state }) => `${step} ${state}`)).toEqual([
      'validate done',
      'load done',
      'shadow done',
      'approval now',
      'promote ahead',
    ])
    expect(view.rollout?.may).toMatchObject({
      approve: { allowed: true },
      reject: { allowed: true },
      retry: { allowed: false },
    })
    expect(view.rollout?.analysis).toMatchObject({ pairs: 600, admitted: 600, lost: 0 })
  })

  it('says which lines of the policy are its own and which are defaults', async () => {
    await world.withLive(model, { config: 'rollout:\n  shadow: {sample: 0.5, minPairs: 50}\n' })
    const { policy } = await service.model(model)
    const source = (name: string) => policy.find((line) => line.name === name)
    expect(source('Sample')).toEqual({ name: 'Sample', value: '50 %', source: 'model.yaml' })
    expect(source('Least pairs')).toMatchObject({ value: '50', source: 'model.yaml' })
    expect(source('Strategy')).toMatchObject({ value: 'shadow', source: 'default' })
  })

  it('shows the pairs that differ, as short text', async () => {
    await world.withLive(model)
    await world.pushValid(model, 2)
    await world.settle(model)
    const flush = await node.flushOf(model, { pairs: 1 })
    const side = (value: number | string) => ({
      outputs: [{ output: 'score', dtype: 'float32', shape: [], values: [value] }],
    })
    const body = {
      atMs: 0,
      baseline: side(0.123456789),
      candidate: { errorCode: 'onnx.run_failed' },
      differing: [{ output: 'score' }],
    }
    await node.store.flushEvidence([{ ...flush, examples: [{ kind: 'differing', requestId: 'r-1', body }] }])
    expect((await service.model(model)).rollout?.examples).toEqual([
      {
        requestId: 'r-1',
        at: '1970-01-01T00:00:00.000Z',
        baseline: { score: '0.12346' },
        candidate: { error: 'onnx.run_failed' },
        differing: ['score'],
      },
    ])
  })

  it('of an unknown name says how to find the known ones', async () => {
    await expect(service.model('nowhere')).rejects.toMatchObject({ code: 'control.not_found' })
  })
})

describe('rollout', () => {
  it('is found by its id, also when it has ended, and as it was seen', async () => {
    await waitsForApproval()
    const { id, digest, baselineDigest, policyHash } = await world.rollout(model)
    expect(await service.rollout(id)).toMatchObject({
      id,
      model,
      state: 'paused',
      seen: { rolloutId: id, candidateDigest: digest, baselineDigest, policyHash },
      approvalsRequired: 1,
      approvedBy: [],
    })
    await service.approve({ model, version: 2, actor: ada })
    await world.settle(model)
    expect(await service.rollout(id)).toMatchObject({ state: 'succeeded', approvedBy: [ada] })
  })

  it.each(['nonsense', '00000000-0000-4000-8000-000000000000', "' OR 1=1"])(
    'is not found by %s',
    async (id) => {
      await expect(service.rollout(id)).rejects.toMatchObject({ code: 'rollout.not_found' })
    },
  )
})

/** The contract of `understudy status --json`. Keys may be added here and never taken away. */
const statusSchema = z.strictObject({
  models: z.array(
    z.strictObject({
      name: z.string(),
      live: z.int().nullable(),
      previous: z.int().nullable(),
      versions: z.array(
        z.strictObject({
          number: z.int(),
          digest: z.hex().length(64),
          commit: z.hex().length(40),
          state: z.enum(['discovered', 'validating', 'validated', 'rejected', 'retired']),
          standing: z.enum(['untried', 'failed', 'proven', 'withdrawn']),
          reason: z.string().nullable(),
          incidents: z.array(
            z.strictObject({
              kind: z.enum(['crash', 'hang', 'memory', 'frame']),
              count: z.int().positive(),
              confirmed: z.int().min(0),
              message: z.string(),
              at: z.iso.datetime(),
            }),
          ),
        }),
      ),
      rollout: z
        .strictObject({
          version: z.int(),
          state: z.enum(['progressing', 'paused', 'succeeded', 'failed', 'aborted']),
          step: z.enum(['preparing', 'shadow', 'approval', 'promoting']),
          verdict: z.enum(['pass', 'fail', 'inconclusive', 'noData']).nullable(),
          reason: z.string().nullable(),
        })
        .nullable(),
      drift: z.strictObject({ reason: z.string(), since: z.iso.datetime() }).nullable(),
      problems: z.array(z.strictObject({ path: z.string(), code: z.string(), message: z.string() })),
    }),
  ),
  nodes: z.array(z.strictObject({ name: z.string(), restUrl: z.string(), ready: z.boolean() })),
})

describe('status', () => {
  it('keeps its contract for every kind of model', async () => {
    await promoted()
    await waitsForApproval('waiting')
    await world.push('new', 1)
    await rejectVersion('broken', 1)
    await world.sync(step.config('broken', 'nonsense: 1'))
    await node.suffers(model, 2, { kind: 'crash' })
    const document = statusSchema.parse(JSON.parse(JSON.stringify(await service.status())))
    expect(document.models.map((one) => one.name)).toEqual(['broken', 'iris', 'new', 'waiting'])
    const [broken, iris, fresh, waiting] = document.models
    expect(broken?.problems).toMatchObject([
      { code: 'gitops.config_invalid', message: 'models/broken/model.yaml:1:1: unknown key "nonsense".' },
    ])
    expect(iris).toMatchObject({ live: 2, previous: 1, rollout: { state: 'succeeded' }, drift: null })
    expect(iris?.versions.map(({ incidents }) => incidents)).toMatchObject([
      [{ kind: 'crash', count: 1, confirmed: 0 }],
      [],
    ])
    expect(fresh).toMatchObject({ live: null, rollout: null, drift: { reason: 'validating' } })
    expect(waiting).toMatchObject({ live: 1, rollout: { version: 2, state: 'paused', reason: 'approval' } })
  })

  it('of one model is that model alone', async () => {
    await world.push('other', 1)
    await world.withLive(model)
    expect((await service.status(model)).models.map((one) => one.name)).toEqual([model])
    await expect(service.status('nowhere')).rejects.toMatchObject({ code: 'control.not_found' })
  })

  it('tells withdrawn versions apart, with the reason a person gave', async () => {
    await promoted()
    await service.rollback({ model, reason: 'wrong answers', actor: ada })
    const [status] = (await service.status(model)).models
    expect(status?.versions[0]).toMatchObject({ standing: 'withdrawn', reason: 'wrong answers' })
    expect(status?.drift).toMatchObject({ reason: 'withdrawn' })
  })
})

describe('why', () => {
  const sentence = async () => (await service.why(model)).sentence

  it('says at every step what the model waits for and what to do', async () => {
    await world.push(model, 1)
    expect(await sentence()).toContain('is being validated')
    await world.validate(model, 1)
    await world.settle(model)
    expect(await sentence()).toBe('iris v1 is live and the newest version in Git. Nothing to do.')
    await world.pushValid(model, 2)
    await world.settle(model)
    const { command } = await service.why(model)
    expect(command).toBe('npx --no-install understudy predict iris --golden --rate 50 --for 30s')
    await node.counts(model, { pairs: 600 })
    await world.settle(model)
    expect(await sentence()).toContain('passed its shadow and waits for your approval')
    await service.reject({ model, version: 2, reason: 'not today', actor: ada })
    await world.settle(model)
    expect(await sentence()).toContain(`iris v2 did not pass: ${ada} rejected v2: not today`)
  })

  it('tells what befell the versions that answer or are tried, without making it a command', async () => {
    await world.withLive(model)
    await node.suffers(model, 1, { kind: 'crash', message: 'It ended: `rm -r`.' })
    expect(await service.why(model)).toEqual({
      command: null,
      sentence:
        'iris v1 is live and the newest version in Git. Nothing to do. v1 lost its process once: 1 by a crash. The newest: It ended: `rm -r`.',
    })
  })

  it('of one version says what became of it and of its processes', async () => {
    await promoted()
    const why = async (version: number) => (await service.why(model, version)).sentence
    await node.suffers(model, 1)
    expect(await why(2)).toBe('iris v2 is live.')
    expect(await why(1)).toBe(
      'iris v1 was live before and stays warm. v1 lost its process once: 1 for memory. The newest: It needed more than its limit of 512 MiB.',
    )
    await world.pushValid(model, 3)
    await world.settle(model)
    for (let time = 0; time < 2; time += 1) await node.suffers(model, 3)
    expect(await why(3)).toContain('v3 lost its process 2 times: 2 for memory.')
    await world.settle(model)
    expect(await why(3)).toContain('iris v3 did not pass: ')
    expect(await why(3)).toContain('its process was ended twice for memory')
    await expect(service.why(model, 9)).rejects.toMatchObject({ code: 'control.not_found' })
  })

  it('names the reason of a rejection', async () => {
    await world.withLive(model)
    await rejectVersion(model, 2)
    expect(await sentence()).toBe(
      'iris v2 was rejected: unknown operator Foo. v1 goes on. Push the next number.',
    )
  })
})

describe('audit', () => {
  it('is read page by page, newest first, without gap or repetition', async () => {
    await promoted()
    const first = await service.audit({ limit: 5 })
    expect(first.entries).toHaveLength(5)
    const seqs = first.entries.map((entry) => entry.seq)
    let next = first.next
    while (next !== null) {
      const page = await service.audit({ limit: 5, before: next })
      seqs.push(...page.entries.map((entry) => entry.seq))
      next = page.next
    }
    expect(seqs).toEqual(Array.from({ length: first.total }, (_, i) => first.total - i))
    expect(first.entries[0]).toMatchObject({ model, version: 2, action: 'promoted' })
    expect(await service.verifyAudit()).toMatchObject({ ok: true, entries: first.total })
  })

  it('of one model holds that model alone', async () => {
    await world.push('other', 1)
    await world.push(model, 1)
    const page = await service.audit({ limit: 50, model })
    expect(page).toMatchObject({ total: 1, next: null, entries: [{ model }] })
  })

  it('answers what was live at a moment, and who let it', async () => {
    await promoted()
    const { promotions } = await service.model(model)
    const [second, first] = promotions
    if (!first || !second) throw new Error('two promotions are missing')
    const at = async (iso: string, offsetMs = 0) =>
      (await service.liveAt(new Date(Date.parse(iso) + offsetMs))).models.map(({ number, actor }) => ({
        number,
        actor,
      }))
    expect(await at(first.at, -1)).toEqual([])
    expect(await at(first.at)).toEqual([{ number: 1, actor: 'controller' }])
    expect(await at(second.at)).toEqual([{ number: 2, actor: ada }])
  })
})

describe('samples', () => {
  const golden = JSON.stringify({
    request: { inputs: { x: [[1], [2]] } },
    response: { outputs: { y: [[1], [2]] } },
  })
  /** Puts the samples where a version's file says that they are. */
  async function store(text: string): Promise<void> {
    const artifacts = new ArtifactStore(path.join(dataDir, 'artifacts'))
    await artifacts.put(Readable.from([Buffer.from(text)]), 10_000)
  }

  it('are the rows of the golden samples of what is live, whatever was pushed since', async () => {
    await store(golden)
    await world.withLive(model, { golden })
    await world.pushValid(model, 2, { golden: 'other' })
    expect(await service.samples(model)).toEqual([{ inputs: { x: [[1]] } }, { inputs: { x: [[2]] } }])
  })

  it('are none, and it says so, when no validated version has any', async () => {
    await world.push(model, 1, { golden: 'not JSON' })
    const reasons = [{ code: 'gitops.golden_invalid', message: 'not JSON' }]
    await world.validate(model, 1, { ok: false, reasons })
    await expect(service.samples(model)).rejects.toMatchObject({
      code: 'control.not_found',
      message: 'iris has no golden samples to make traffic from. Put some into its golden/ folder.',
    })
  })
})
