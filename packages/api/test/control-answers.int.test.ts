import path from 'node:path'
import { Readable } from 'node:stream'
import { OutboxQueue } from '@understudy/db'
import { type FakeNode, step, type World } from '@understudy/db/testing'
import { ArtifactStore } from '@understudy/gitops/artifacts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
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
      pinned: z.int().nullable(),
      labels: z.array(
        z.strictObject({
          label: z.string(),
          number: z.int().nullable(),
          wanted: z.int().nullable(),
          waits: z.string().nullable(),
        }),
      ),
      problems: z.array(z.strictObject({ path: z.string(), code: z.string(), message: z.string() })),
    }),
  ),
  nodes: z.array(z.strictObject({ name: z.string(), restUrl: z.string(), ready: z.boolean() })),
})

describe('status', () => {
  it('keeps its contract for every kind of model', async () => {
    await stage.promoted(node)
    await stage.waitsForApproval(node, 'waiting')
    await world.push('new', 1)
    await stage.rejectVersion('broken', 1)
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
    await stage.promoted(node)
    await service.rollback({ model, reason: 'wrong answers', actor: ADA })
    const [status] = (await service.status(model)).models
    expect(status?.versions[0]).toMatchObject({ standing: 'withdrawn', reason: 'wrong answers' })
    expect(status?.drift).toMatchObject({ reason: 'withdrawn' })
  })
})

describe('what the environment file says', () => {
  it('is in status and on the page of the model, with what keeps a label from where it is wanted', async () => {
    await stage.promoted(node)
    await stage.rejectVersion(model, 3)
    const file = 'environments/production.yaml'
    await world.point({ [model]: { live: 2, labels: { stable: 1, edge: 3 } } })
    await world.settle(model)
    const labels = [
      { label: 'edge', number: null, wanted: 3, waits: expect.stringContaining('v3 was rejected') },
      { label: 'stable', number: 1, wanted: 1, waits: null },
    ]
    const problem = {
      path: file,
      message: expect.stringContaining('The label edge of iris is not moved: v3 was'),
    }
    const [status] = (await service.status(model)).models
    expect(status).toMatchObject({
      pinned: 2,
      labels,
      problems: [{ ...problem, code: 'gitops.label_refused' }],
    })
    const view = await service.model(model)
    expect(view).toMatchObject({ pointer: { number: 2, file, settled: true }, labels, problems: [problem] })
    expect(view.versions.map((version) => version.labels)).toEqual([[], ['live'], ['previous', 'stable']])
    expect(view.drift).toMatchObject({ reason: 'pinned' })
    expect((await service.why(model)).sentence).toContain(`iris v3 waits: ${file} pins v2, which is live.`)
  })

  it('is told where the version that it names is not live, whatever is newer', async () => {
    await stage.promoted(node)
    await world.push(model, 3)
    await world.point({ [model]: { live: 7, labels: {} } })
    expect((await service.why(model)).sentence).toContain(
      'asks for v7 of iris, which is not in Git. v2 goes on.',
    )
    await world.point({ [model]: { live: 3, labels: {} } })
    expect((await service.why(model)).sentence).toContain('iris v3 is being validated')
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
    expect(command).toBe('npx --no-install understudy predict iris --golden --rate 50 --for 60s')
    await node.counts(model, { pairs: 600 })
    await world.settle(model)
    expect(await sentence()).toContain('passed its shadow and waits for your approval')
    await service.reject({ model, version: 2, reason: 'not today', actor: ADA })
    await world.settle(model)
    expect(await sentence()).toContain(`iris v2 did not pass: ${ADA} rejected it: not today`)
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
    await stage.promoted(node)
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
    await stage.rejectVersion(model, 2)
    expect(await sentence()).toBe(
      'iris v2 was rejected: unknown operator Foo. v1 goes on. Push the next number.',
    )
  })
})

describe('audit', () => {
  it('is read page by page, newest first, without gap or repetition', async () => {
    await stage.promoted(node)
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
    await stage.promoted(node)
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
    expect(await at(second.at)).toEqual([{ number: 2, actor: ADA }])
  })
})

describe('notifications', () => {
  it('say what was told, over which channel it arrived, and why it did not', async () => {
    await stage.promoted(node)
    const queue = new OutboxQueue(world.database)
    await queue.plan(['webhook', 'slack'], ['promoted'])
    const oldest = await queue.claim('webhook')
    const refused = await queue.claim('slack')
    if (oldest === undefined || refused === undefined) throw new Error('nothing is to be delivered')
    await queue.delivered(oldest)
    await queue.failed(refused, { reason: 'answered 503', refused: false, retryInMs: 1_000 })
    const notifications = await service.notifications(50)
    const told = notifications.find(({ id }) => id === oldest.id)
    expect(told).toMatchObject({ kind: 'promoted', model, sentence: oldest.sentence })
    expect(told?.deliveries).toEqual([
      { channel: 'slack', state: 'waiting', attempts: 1, at: null, lastError: 'answered 503' },
      { channel: 'webhook', state: 'delivered', attempts: 1, at: expect.any(String), lastError: null },
    ])
    expect(notifications.find(({ kind }) => kind === 'needsApproval')?.deliveries).toEqual([])
    expect(await service.notifications(1)).toHaveLength(1)
  })
})

describe('samples', () => {
  const golden = JSON.stringify({
    request: { inputs: { x: [[1], [2]] } },
    response: { outputs: { y: [[1], [2]] } },
  })
  /** Puts the samples where a version's file says that they are. */
  async function store(text: string): Promise<void> {
    const artifacts = new ArtifactStore(path.join(stage.dataDir, 'artifacts'))
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
