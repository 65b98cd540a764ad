import type { ModelPlan } from '@understudy/core'
import { TestClock, waitFor } from '@understudy/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { approve, ChangeListener, reject } from '../src/index.ts'
import { digestOf, FakeNode, step, World } from './support/index.ts'

let world: World
let first: FakeNode
const model = 'iris'
const ada = 'local:ada'

beforeAll(async () => {
  world = await World.open()
})
afterAll(() => world.close())
beforeEach(async () => {
  await world.reset()
  first = await world.node('node-1')
})

async function planOf(node: FakeNode): Promise<ModelPlan> {
  const { models } = await node.store.readPlan()
  const plan = models.find((candidate) => candidate.model === model)
  if (!plan) throw new Error(`there is no plan of ${model}`)
  return plan
}

const row = (node: FakeNode) =>
  world.database.prisma.node.findUniqueOrThrow({ where: { incarnation: node.incarnation } })

/** Version 2 of a live model passed and is approved; nodes have not heard of it yet. */
async function approvedRollout(): Promise<void> {
  await world.withLive(model)
  await world.pushValid(model, 2)
  await world.settle(model)
  await first.counts(model, { pairs: 600 })
  await world.settle(model)
  await approve(world.database, { model, version: 2, actor: ada })
}

describe('the plan that a node reads', () => {
  it('is transferred again only when it changed, and is confirmed every time', async () => {
    await world.withLive(model)
    const before = await first.store.readPlan()
    const again = await first.store.readPlan()
    expect(again.models).toBe(before.models)
    expect(again.readAtMs).toBeGreaterThan(before.readAtMs)
    const late = await world.node('node-2', { keepsUp: false })
    expect((await late.store.readPlan()).models).toEqual(before.models)
  })

  it.each([
    ['generation', 'UPDATE plan SET generation = generation + 1 WHERE model = $1'],
    ['contract', "UPDATE model SET config = jsonb_set(config, '{runtime,timeoutMs}', '77') WHERE name = $1"],
    ['labels', 'DELETE FROM plan_label WHERE model = $1'],
    ['traces', "UPDATE model_version SET traceparent = 'changed' WHERE model = $1"],
    ['files', "UPDATE version_file SET path = 'other' || path WHERE model = $1"],
    ['version files', 'DELETE FROM version_file WHERE model = $1'],
  ])('is read again when its %s changed', async (_what, sql) => {
    await world.withLive(model)
    const before = await first.store.readPlan()
    await world.database.prisma.$executeRawUnsafe(sql, model)
    const after = await first.store.readPlan()
    expect(after.models).not.toEqual(before.models)
    expect((await first.store.readPlan()).models).toBe(after.models)
  })

  it('follows a rollout through its mirror', async () => {
    await world.withLive(model)
    const before = await first.store.readPlan()
    await world.pushValid(model, 2)
    await world.settle(model)
    const after = await first.store.readPlan()
    expect([before, after].map(({ models }) => models[0]?.mirror?.candidate)).toEqual([undefined, 2])
  })
})

describe('a node', () => {
  it('joins with the current plan only', async () => {
    const old = await first.store.readPlan()
    await world.withLive(model)
    const late = await world.node('node-2', { keepsUp: false })
    expect((await row(late)).joined).toBe(true)
    const behind = await world.node('node-3', { keepsUp: false, leaseMs: 0 })
    await behind.report(old)
    expect((await row(behind)).joined).toBe(false)
    await behind.catchUp()
    expect((await row(behind)).joined).toBe(true)
  })

  it('that has joined stays so while its lease does not lapse, also when it falls behind', async () => {
    const old = await first.store.readPlan()
    await world.withLive(model)
    await first.report(old)
    expect((await row(first)).joined).toBe(true)
    await world.database.prisma
      .$executeRaw`UPDATE node SET lease_until = clock_timestamp() - interval '1 second'`
    await first.report(old)
    expect((await row(first)).joined).toBe(false)
  })

  it('that drains gives its lease up at once and is no longer asked for', async () => {
    await world.withLive(model)
    await first.leave()
    const { leaseUntil, draining } = await row(first)
    expect(draining).toBe(true)
    expect(leaseUntil.getTime()).toBeLessThanOrEqual(Date.now())
    expect((await world.record(model)).nodes).toEqual([])
  })

  it('forgets what it no longer holds', async () => {
    await world.withLive(model)
    const held = async () => (await world.record(model)).servables.map((servable) => servable.number)
    expect(await held()).toEqual([1])
    await first.store.report({ ready: true, draining: false, observed: { [model]: 1 }, servables: [] })
    expect(await held()).toEqual([])
  })

  it('is heard whatever it says', async () => {
    await world.withLive(model)
    await first.catchUp({ [`${model}@1`]: { state: 'error', reason: 'no operator "a\0b" \ud800' } })
    expect((await world.record(model)).servables).toMatchObject([
      { state: 'error', reason: 'no operator "a\uFFFDb" \uFFFD' },
    ])
  })

  it('wakes whoever listens when something changed, and nobody when nothing did', async () => {
    const topics: string[] = []
    const clock = new TestClock()
    const listener = new ChangeListener({ databaseUrl: world.databaseUrl, clock })
    listener.onChange((topic) => topics.push(topic))
    listener.start()
    await waitFor('the connection', () => topics.includes('connected'))
    await world.withLive(model)
    await waitFor('a hint', () => topics.includes('node'))
    topics.length = 0
    await first.catchUp()
    await first.catchUp({ [`${model}@1`]: { state: 'unloading' } })
    await waitFor('a hint', () => topics.includes('node'))
    expect(topics.filter((topic) => topic === 'node')).toHaveLength(1)
    await listener.close()
  })
})

describe('promotion', () => {
  it('waits while no node has joined: nothing would answer', async () => {
    await first.leave()
    await world.pushValid(model, 1)
    expect((await world.reconcile(model)).did).toBe('started')
    expect((await world.reconcile(model)).progressed).toBe(false)
    expect((await world.record(model)).live).toBeNull()
    await world.node('node-2')
    expect(await world.settle(model)).toEqual(['readyToPromote', 'committed'])
  })

  it('waits for a joined node that is still loading, and names it when it lags', async () => {
    await approvedRollout()
    const second = await world.node('node-2', { keepsUp: false })
    await second.catchUp({ [`${model}@2`]: { state: 'loading' } })
    expect(await world.settle(model)).toEqual(['cleared'])
    await world.pass(model, 60_000)
    expect(await world.settle(model)).toEqual(['nodesLag'])
    const rollout = await world.rollout(model)
    expect(rollout).toMatchObject({ state: 'paused', pauseReason: 'nodesLagging', step: 'promoting' })
    expect(await world.record(model)).toMatchObject({ live: 1, drift: { reason: 'nodeLagging' } })
    const refused = reject(world.database, { model, reason: 'too slow', actor: ada })
    await expect(refused).rejects.toThrow('abort it instead')
    await second.catchUp()
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
    expect((await world.record(model)).live).toBe(2)
  })

  it('is not held up by a node whose lease lapsed, nor by one that drains', async () => {
    const lapsed = await world.node('node-2', { keepsUp: false, leaseMs: 0 })
    const draining = await world.node('node-3', { keepsUp: false })
    await draining.leave()
    await approvedRollout()
    expect(await world.settle(model)).toEqual(['cleared', 'committed'])
    expect((await row(lapsed)).leaseUntil.getTime()).toBeLessThan(Date.now())
  })

  it('counts a node only with the very bytes: another digest under the number is not the version', async () => {
    await world.withLive(model)
    await world.pushValid(model, 2)
    await world.reconcile(model)
    const plan = await first.store.readPlan()
    const other = plan.models.map((one) => ({
      ...one,
      versions: one.versions.map((version) => ({ ...version, digest: digestOf('other') })),
    }))
    await first.report({ ...plan, models: other })
    expect((await world.reconcile(model)).progressed).toBe(false)
    await first.catchUp()
    expect((await world.reconcile(model)).did).toBe('shadowReady')
  })

  it('and a node that joins at the same time see each other: it is waited for, or it joins with the new plan', async () => {
    await approvedRollout()
    await first.catchUp()
    const late = new FakeNode({ databaseUrl: world.databaseUrl, name: 'node-2' })
    const old = await late.store.readPlan()
    await Promise.all([
      world.reconcile(model).then(() => world.reconcile(model)),
      late.report(old, { [`${model}@2`]: { state: 'loading' } }),
    ])
    const { joined } = await row(late)
    expect((await world.record(model)).live).toBe(joined ? 1 : 2)
    await late.store.close()
  })
})

describe('readServingPlan', () => {
  it('is whole: versions with files, labels that point inside, the contract, and a time', async () => {
    await world.withLive(model, { config: 'runtime: {timeoutMs: 250}', golden: '{}' })
    const plan = await first.store.readPlan()
    expect(Math.abs(plan.readAtMs - Date.now())).toBeLessThan(60_000)
    expect(plan.models).toMatchObject([
      {
        model,
        generation: 1,
        labels: { live: 1 },
        mirror: null,
        versions: [
          {
            number: 1,
            digest: digestOf(`${model} 1`),
            entryPoint: 'model.onnx',
            files: [{ path: 'model.onnx' }],
            golden: [{ path: 'samples.json' }],
            batchable: true,
            runtime: { timeoutMs: 250, maxQueue: 1_024 },
          },
        ],
      },
    ])
  })

  it('holds signatures and labels of the model.yaml at the tip, for every version', async () => {
    await world.withLive(model, { config: 'outputs: {score: {labels: [low, high]}}' })
    expect((await planOf(first)).versions).toMatchObject([
      { signatures: {}, classLabels: { score: ['low', 'high'] } },
    ])
    const config = 'signatures: {price: {method: regress, value: score}}\noutputs: {label: {gate: true}}'
    await world.sync(step.config(model, config))
    expect((await planOf(first)).versions).toMatchObject([
      { number: 1, signatures: { price: { method: 'regress', value: 'score' } }, classLabels: {} },
    ])
  })

  it('is empty for a database without models', async () => {
    expect((await first.store.readPlan()).models).toEqual([])
  })

  it('asks for mirroring only while evidence is collected', async () => {
    const mirrors: (string | null)[] = []
    const look = async (when: string) => {
      const { mirror } = await planOf(first)
      mirrors.push(mirror ? `${when}: ${mirror.baseline} and ${mirror.candidate}` : null)
    }
    await world.withLive(model, { config: 'rollout: {shadow: {sample: 0.25}}' })
    await world.pushValid(model, 2)
    await world.reconcile(model)
    await look('preparing')
    await world.settle(model)
    await look('shadow')
    const { mirror } = await planOf(first)
    expect(mirror).toMatchObject({
      step: 'shadow',
      sample: 0.25,
      compare: { label: { compare: { kind: 'equal' }, gate: true }, score: { gate: false } },
    })
    await first.counts(model, { pairs: 600 })
    await world.settle(model)
    await look('approval')
    await approve(world.database, { model, version: 2, actor: ada })
    await world.reconcile(model)
    await look('promoting')
    await world.settle(model)
    await look('live')
    const collecting = ['shadow', 'approval', 'promoting'].map((when) => `${when}: 1 and 2`)
    expect(mirrors).toEqual([null, ...collecting, null])
  })

  it('asks for no mirroring where nothing is compared', async () => {
    await world.withLive(model, { config: 'rollout: {strategy: immediate}' })
    await world.pushValid(model, 2)
    await world.reconcile(model)
    expect((await planOf(first)).mirror).toBeNull()
  })

  it('never shows half of a promotion, however often it is read meanwhile', async () => {
    await approvedRollout()
    await first.catchUp()
    let done = false
    const seen = new Set<string>()
    const reading = (async () => {
      while (!done) {
        const { labels, generation, versions } = await planOf(first)
        const numbers = versions.map((version) => version.number)
        for (const number of Object.values(labels)) expect(numbers).toContain(number)
        seen.add(`${generation}: ${JSON.stringify(labels)}`)
      }
    })()
    await world.settle(model)
    done = true
    await reading
    await planOf(first)
    const whole = ['1: {"live":1,"shadow":2}', '1: {"live":1}', '2: {"live":2,"previous":1}']
    for (const one of seen) expect(whole).toContain(one)
  })
})
