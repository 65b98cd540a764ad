import { rollback } from '@understudy/db'
import { type FakeNode, step, type World } from '@understudy/db/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ControlService } from '../src/control/index.ts'
import { ADA, ControlStage, MODEL as model } from './support/control-stage.ts'

let stage: ControlStage
let world: World
let service: ControlService
let node: FakeNode

beforeAll(async () => {
  stage = await ControlStage.open()
  ;({ world, service } = stage)
})
beforeEach(async () => {
  node = await stage.reset()
})
afterAll(() => stage.close())

describe('overview', () => {
  it('is empty and needs nobody in a fresh installation', async () => {
    expect(await service.overview()).toEqual({ needsYou: [], models: [], recent: [] })
    expect(await service.platform()).toMatchObject({
      environment: 'production',
      actor: ADA,
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

  it('counts a node that was killed and is back once, and lists it once, while both its leases run', async () => {
    await world.withLive(model)
    const back = await world.node('node-1')
    await world.node('node-2')
    await back.catchUp({ 'iris@1': { state: 'loading' } })
    expect((await service.platform()).nodes).toEqual({ ready: 2, total: 2 })
    const [live] = (await service.model(model)).versions
    expect(live?.nodes.map((held) => ({ ...held }))).toEqual([
      { node: 'node-1', state: 'loading', reason: null },
      { node: 'node-2', state: 'available', reason: null },
    ])
  })

  it('puts what waits for a person first: approvals, then pauses, the repository, refusals, holds', async () => {
    await stage.waitsForApproval(node, 'approval')
    await world.withLive('silent', { config: 'rollout: {shadow: {maxDuration: 1h}}' })
    await world.pushValid('silent', 2)
    await world.settle('silent')
    await world.pass('silent', 3_600_000)
    await world.settle('silent')
    await stage.promoted(node)
    await rollback(world.database, { model, reason: 'wrong answers', actor: ADA })
    await world.settle(model)
    await world.withLive('broken')
    await stage.rejectVersion('broken', 2)
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
    await stage.waitsForApproval(node)
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
    await stage.waitsForApproval(node)
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
    await stage.waitsForApproval(node)
    const { id, digest, baselineDigest, policyHash } = await world.rollout(model)
    expect(await service.rollout(id)).toMatchObject({
      id,
      model,
      state: 'paused',
      seen: { rolloutId: id, candidateDigest: digest, baselineDigest, policyHash },
      approvalsRequired: 1,
      approvedBy: [],
    })
    await service.approve({ model, version: 2, actor: ADA })
    await world.settle(model)
    expect(await service.rollout(id)).toMatchObject({ state: 'succeeded', approvedBy: [ADA] })
  })

  it.each(['nonsense', '00000000-0000-4000-8000-000000000000', "' OR 1=1"])(
    'is not found by %s',
    async (id) => {
      await expect(service.rollout(id)).rejects.toMatchObject({ code: 'rollout.not_found' })
    },
  )
})
