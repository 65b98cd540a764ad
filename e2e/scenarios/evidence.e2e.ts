import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Clone } from '../support/clone.ts'
import { Load } from '../support/load/load.ts'
import { brittleModel, contraryModel, quickPolicy, ROWS, scaledModel } from '../support/models.ts'
import type { ReceivedSpan } from '../support/otlp-receiver.ts'
import { type SharedPlatform, sharedPlatform } from '../support/shared-platform.ts'

const MODEL = 'judged'
/** Every third request holds a number that the brittle model fails on; all others answer it like any other. */
const MIXED = ROWS.map((row, at) =>
  JSON.stringify({ instances: [at % 3 === 0 ? [1_000, ...row.slice(1)] : row] }),
)

let platform: SharedPlatform
let clone: Clone
let load: Load

beforeAll(async () => {
  platform = await sharedPlatform()
  clone = await platform.clone()
  await clone.pushVersion({ model: MODEL, number: 1, bytes: scaledModel(1), config: quickPolicy() })
  await platform.untilLive(MODEL, 1)
  load = await Load.begin({
    url: `${platform.restUrl}/v1/models/${MODEL}:predict`,
    ratePerSecond: 80,
    bodies: MIXED,
  })
})

afterAll(() => load?.end())

async function endOf(number: number) {
  const { rollout, ...status } = await platform.until(
    MODEL,
    `the rollout of v${number} ends`,
    ({ rollout }) => rollout?.version === number && !['progressing', 'paused'].includes(rollout.state),
  )
  return { ...status, rollout }
}

describe('a candidate that answers as the live version does', () => {
  it('goes live by evidence alone where no approval is required', async () => {
    await clone.pushVersion({ model: MODEL, number: 2, bytes: scaledModel(2) })
    const { rollout, live } = await endOf(2)
    expect({ live, ...rollout }).toMatchObject({ live: 2, state: 'succeeded', verdict: 'pass' })
    await load.untilAnsweredBy(2)
  })
})

describe('the trace of that version', () => {
  let spans: ReceivedSpan[]
  let traceId: string

  beforeAll(async () => {
    const { rollout } = await platform.control.model.query({ name: MODEL })
    traceId = rollout?.traceId ?? 'none'
    // The last span of each process: what was exported later than the others.
    const last = ['committed', 'serving.moveLabels']
    spans = await waitFor('the promotion to be exported', async () => {
      const found = await platform.spansOf(traceId)
      const names = found.flatMap(({ name, attributes }) => [name, attributes['understudy.transition']])
      return last.every((name) => names.includes(name)) ? found : undefined
    })
  })

  it('holds every step from sync to promotion, of controller and node, under one id', () => {
    const steps = spans.map(({ service, name, attributes }) =>
      [service.replace('understudy-', ''), name, attributes['understudy.transition']]
        .filter(Boolean)
        .join(' '),
    )
    expect(steps).toEqual(
      expect.arrayContaining([
        'controller gitops.sync',
        'controller version.validate',
        'controller rollout.reconcile started',
        'serving serving.load',
        'serving serving.warmUp',
        'controller rollout.reconcile shadowReady',
        'serving serving.shadow',
        'controller rollout.reconcile cleared',
        'controller rollout.reconcile committed',
        'serving serving.moveLabels',
      ]),
    )
  })

  it('is one tree: every span hangs below the sync that began it, and none lies before it', () => {
    const roots = spans.filter((span) => span.parentSpanId === undefined)
    expect(roots.map((span) => span.name)).toEqual(['gitops.sync'])
    const known = new Set(spans.map((span) => span.spanId))
    for (const span of spans) {
      if (span.parentSpanId !== undefined) expect(known).toContain(span.parentSpanId)
      expect(span.startMs).toBeGreaterThanOrEqual((roots[0]?.startMs ?? 0) - 1)
    }
  })

  it('names model, version and digest on what is done with the version', async () => {
    const { versions } = await platform.status(MODEL)
    const digest = versions.find(({ number }) => number === 2)?.digest
    for (const name of ['version.validate', 'serving.load', 'serving.warmUp']) {
      const span = spans.find((candidate) => candidate.name === name)
      expect(span?.attributes).toMatchObject({
        'understudy.model': MODEL,
        'understudy.version': 2,
        'understudy.digest': digest,
      })
    }
  })

  it('is linked to by the predictions that the version answered, which carry the version', async () => {
    const predict = await waitFor('a predict span of v2', async () => {
      const linked = await platform.spansLinkedTo(traceId)
      return linked.find((span) => span.attributes['understudy.version'] === 2)
    })
    expect(predict.name).toBe('serving.predict')
    expect(predict.links).toEqual([traceId])
    expect(predict.traceId).not.toBe(traceId)
    expect(predict.attributes['understudy.variant']).toBe('live')
  })

  it('is continued by a client that brings a trace of its own', async () => {
    const own = 'a'.repeat(32)
    const headers = { traceparent: `00-${own}-${'b'.repeat(16)}-01` }
    await platform.predict(MODEL, { instances: [ROWS[0]] }, { headers })
    const [span] = await waitFor('the span in the trace of the client', async () => {
      const found = await platform.spansOf(own)
      return found.length > 0 ? found : undefined
    })
    expect(span).toMatchObject({ name: 'serving.predict', parentSpanId: 'b'.repeat(16), links: [traceId] })
  })

  it('is named by the log lines of its steps, in the controller and on the node', async () => {
    for (const [name, message] of [
      ['controller', 'synced'],
      ['controller', 'validated'],
      ['controller', 'rollout step'],
      ['serving-node', 'serving.load'],
    ] as const) {
      const lines = (await platform.log(name)).split('\n').filter((line) => line.includes(traceId))
      expect(lines.map((line) => JSON.parse(line).msg)).toContain(message)
    }
  })
})

describe('a candidate that disagrees beyond its budget', () => {
  it('ends failed by itself, and live stays as it was', async () => {
    await clone.pushVersion({ model: MODEL, number: 3, bytes: contraryModel() })
    const { rollout, live, versions, drift } = await endOf(3)
    expect({ live, ...rollout }).toMatchObject({
      live: 2,
      state: 'failed',
      verdict: 'fail',
      reason: 'disagreement',
    })
    expect(versions[0]).toMatchObject({ number: 3, standing: 'failed' })
    expect(drift?.reason).toBe('rolloutFailed')
    expect(await platform.ok(['why', MODEL])).toMatch(/v3 did not pass: .*y.*\. v2 goes on\./)
  })

  it('is not tried again by evidence that was against it, nor by another look at Git', async () => {
    const { code, stderr } = await platform.cli(['retry', MODEL, '3'])
    expect(code).toBe(1)
    expect(stderr).toContain('v3')
    await clone.write({ 'README.md': 'changed' })
    const commit = await clone.push('Another commit')
    await waitFor('the commit to be taken', async () =>
      (await platform.log('controller')).includes(`"commit":"${commit}"`),
    )
    expect((await platform.status(MODEL)).rollout).toMatchObject({ version: 3, state: 'failed' })
  })
})

describe('a candidate that a person rejects', () => {
  it('ends failed however good its evidence is, once however often, and live stays as it was', async () => {
    await clone.pushVersion({
      model: MODEL,
      number: 4,
      bytes: scaledModel(4),
      config: quickPolicy({ approvals: 1 }),
    })
    await platform.until(MODEL, 'v4 waits for an approval', ({ rollout }) => rollout?.reason === 'approval')
    const reject = ['reject', MODEL, '--reason', 'not today']
    expect(await platform.ok(reject)).toBe(`Rejected ${MODEL} v4; v2 stays live.`)
    expect(await platform.ok(reject)).toMatch(/already/)
    const { rollout, live, versions } = await platform.status(MODEL)
    expect({ live, ...rollout }).toMatchObject({ live: 2, version: 4, state: 'failed', reason: 'rejected' })
    expect(versions[0]).toMatchObject({ number: 4, standing: 'failed' })
  })
})

describe('a candidate that fails on some of the requests', () => {
  it('ends failed by itself, and no client notices', async () => {
    await clone.pushVersion({ model: MODEL, number: 5, bytes: brittleModel() })
    const { rollout, live } = await endOf(5)
    expect({ live, ...rollout }).toMatchObject({
      live: 2,
      state: 'failed',
      verdict: 'fail',
      reason: 'errors',
    })
    await load.stop()
    expect(load.failed).toEqual([])
    expect(new Set(load.records.map((record) => record.version))).toEqual(new Set([1, 2]))
  })
})
