import { cp, mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { StatusDocument } from '@understudy/api/views'
import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Clone } from '../support/clone.ts'
import { IMMEDIATE, ROWS, scaledModel } from '../support/models.ts'
import { leastMs, PUSH_ANSWERED_MS } from '../support/patience.ts'
import { Platform, PROJECT } from '../support/platform.ts'

/** The flower that version 1 takes for another kind and version 2 does not. */
const FLOWER = { instances: [[6.7, 3.0, 5.0, 1.7]] }
const BETTER = path.join(PROJECT, 'models-repo-template/next/iris/2/model.onnx')

let platform: Platform
let clone: Clone

beforeAll(async () => {
  // Polling is as good as off: whatever is noticed here is noticed by the hook.
  platform = await Platform.start({ name: 'push-to-serve', env: { UNDERSTUDY_POLL_INTERVAL_MS: '86400000' } })
  clone = await platform.clone()
})

afterAll(() => platform?.stop())

async function labelOf(body: unknown): Promise<{ label: unknown; version: number | null }> {
  const { body: answer, version } = await platform.predict('iris', body)
  const { predictions } = answer as { predictions: { label: unknown }[] }
  return { label: predictions[0]?.label, version }
}

/** Makes honest traffic as the tour does until the rollout of iris comes to a decision. */
async function rehearse(duration: string): Promise<string> {
  let said = ''
  await waitFor(
    'a decision on iris',
    async () => {
      said = await platform.ok(['predict', 'iris', '--golden', '--rate', '300', '--for', duration])
      const { rollout } = await platform.status('iris')
      return rollout?.state !== 'progressing'
    },
    { timeoutMs: 60_000, everyMs: 100 },
  )
  return said
}

describe('a platform that was just started', () => {
  it('answers the request that it prints', async () => {
    const [, url = '', body = ''] = /curl -s (\S+) -d '([^']+)'/.exec(platform.run.output) ?? []
    const response = await fetch(url, { method: 'POST', body })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ predictions: [{ label: 'setosa' }] })
  })

  it('serves version 1 of both models and is in line with Git', async () => {
    const { models } = await platform.control.status.query({})
    expect(models.map(({ name, live, drift }) => ({ name, live, drift }))).toEqual([
      { name: 'digits', live: 1, drift: null },
      { name: 'iris', live: 1, drift: null },
    ])
  })
})

describe('a better version of iris, pushed, watched, approved and rolled back', () => {
  it('is pushed as the next number by one command, and once however often that is repeated', async () => {
    const push = ['push', BETTER, '--model', 'iris']
    expect(await platform.ok(push, clone.folder)).toMatch(/^Pushed iris v2 in [0-9a-f]{7}\./)
    expect(await platform.ok([...push, '--repo', clone.folder])).toBe(
      'iris v2 has these bytes already: nothing new was pushed.',
    )
  })

  it('goes into its shadow, where nobody sees its answers, and cannot be approved without a verdict', async () => {
    await platform.until('iris', 'v2 is in its shadow', ({ rollout }) => rollout?.step === 'shadow')
    expect(await platform.ok(['why', 'iris'])).toContain('iris v2 is in its shadow')
    const { code, stderr } = await platform.cli(['approve', 'iris'])
    expect(code).toBe(1)
    expect(stderr).toContain('verdict')
    expect(await labelOf(FLOWER)).toEqual({ label: 'virginica', version: 1 })
  })

  it('passes on honest traffic without a failed request, and waits for an approval', async () => {
    const said = await rehearse('4s')
    expect(said).toMatch(/(\d+) answered, 0 failed\n {2}v1 answered \1\n/)
    const { rollout, live } = await platform.status('iris')
    expect({ live, ...rollout }).toMatchObject({ live: 1, version: 2, state: 'paused', verdict: 'pass' })
    expect(await platform.ok(['why', 'iris'])).toContain('understudy approve iris')
  })

  it('prints its status as exactly the documented JSON', async () => {
    const document: StatusDocument = JSON.parse(await platform.ok(['status', 'iris', '--json']))
    const version = {
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
    }
    expect(document).toEqual({
      models: [
        {
          name: 'iris',
          live: 1,
          previous: null,
          versions: [
            { number: 2, ...version, state: 'validated', standing: 'untried', reason: null, incidents: [] },
            { number: 1, ...version, state: 'validated', standing: 'proven', reason: null, incidents: [] },
          ],
          rollout: { version: 2, state: 'paused', step: 'approval', verdict: 'pass', reason: 'approval' },
          drift: { reason: 'rolloutRunning', since: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) },
          pinned: null,
          labels: [],
          problems: [],
        },
      ],
      nodes: [
        { name: 'serving-1', restUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), ready: true },
      ],
    })
  })

  it('answers once it is approved; approving it twice is once', async () => {
    expect(await platform.ok(['approve', 'iris', '--comment', 'better on the violet ones'])).toContain(
      'Approved iris v2',
    )
    await platform.untilLive('iris', 2)
    await waitFor('the answer of v2', async () => (await labelOf(FLOWER)).version === 2)
    expect(await labelOf(FLOWER)).toEqual({ label: 'versicolor', version: 2 })
    expect(await platform.ok(['approve', 'iris', '2'])).toBe('You approved iris v2 already.')
    expect((await platform.status('iris')).live).toBe(2)
  })

  it('is taken off by one command; the old version answers again, and the same command twice is once', async () => {
    const rollback = ['rollback', 'iris', '--reason', 'trying the way back']
    expect(await platform.ok(rollback)).toMatch(
      /^iris is back on v1\. v2 .* is withdrawn and live is held\.$/,
    )
    await waitFor('the answer of v1', async () => (await labelOf(FLOWER)).version === 1)
    expect(await platform.ok(rollback)).toContain('Nothing was changed')
    expect(await platform.status('iris')).toMatchObject({ live: 1, drift: { reason: 'withdrawn' } })
  })

  it('stays off after another sync, and when its bytes come under a new number', async () => {
    await clone.git('pull', '-q')
    await mkdir(clone.path('models/iris/3'))
    await cp(path.join(clone.folder, 'models/iris/2'), clone.path('models/iris/3'), { recursive: true })
    await clone.push('The same again')
    const { live, versions, rollout, drift } = await platform.until('iris', 'v3 is validated', (status) =>
      status.versions.some(({ number, state }) => number === 3 && state === 'validated'),
    )
    expect(live).toBe(1)
    expect(versions.map(({ number, standing }) => `${number} ${standing}`)).toEqual([
      '3 withdrawn',
      '2 withdrawn',
      '1 proven',
    ])
    expect(rollout).toMatchObject({ version: 2, state: 'succeeded' })
    expect(drift?.reason).toBe('withdrawn')
    expect(await platform.ok(['why', 'iris'])).toMatch(/v3 is withdrawn and cannot go live; iris v1 is live/)
    const { code, stderr } = await platform.cli(['retry', 'iris', '2'])
    expect(code).toBe(1)
    expect(stderr).toContain('withdrawn')
  })

  it('starts nothing when it is lifted, once however often', async () => {
    const digest = (await platform.status('iris')).versions[0]?.digest.slice(0, 8) ?? ''
    const lift = ['lift', 'iris', digest, '--reason', 'the alarm was false']
    expect(await platform.ok(lift)).toContain(`Lifted ${digest} of iris`)
    expect(await platform.ok(lift)).toBe(`${digest} of iris is not withdrawn.`)
    const { live, rollout } = await platform.status('iris')
    expect({ live, rollout: rollout?.state }).toEqual({ live: 1, rollout: 'succeeded' })
  })

  it('is tried again when somebody asks, waits for the person who ends the hold, and goes live', async () => {
    expect(await platform.ok(['retry', 'iris', '2'])).toMatch(/iris v2 is tried now/)
    expect(await platform.ok(['retry', 'iris', '2'])).toMatch(/v2 (waits to be tried already|is being tried)/)
    await platform.until(
      'iris',
      'v2 is tried again',
      ({ rollout }) => rollout?.version === 2 && rollout.state !== 'succeeded',
    )
    // The evidence of its first rehearsal counts.
    await rehearse('1s')
    const { rollout } = await platform.status('iris')
    expect(rollout).toMatchObject({ version: 2, state: 'paused', reason: 'held', verdict: 'pass' })
    await platform.ok(['approve', 'iris'])
    // Its bytes are Git's newest number too, so that number follows at once.
    await platform.until('iris', 'v3 is live', ({ live }) => live === 3)
    expect(await labelOf(FLOWER)).toMatchObject({ label: 'versicolor' })
    expect(await platform.status('iris')).toMatchObject({ previous: 1, drift: null })
  })
})

describe('a model whose strategy is immediate', () => {
  it('answers with a pushed version within 5 seconds of the push', async () => {
    const body = { instances: [ROWS[0]] }
    await clone.pushVersion({ model: 'fast', number: 1, bytes: scaledModel(1), config: IMMEDIATE })
    await platform.untilLive('fast', 1)
    const tookMs = await leastMs(PUSH_ANSWERED_MS, async (turn) => {
      const number = turn + 2
      await clone.pushVersion({ model: 'fast', number, bytes: scaledModel(number) })
      const pushedAt = performance.now()
      await waitFor('its answer', async () => (await platform.predict('fast', body)).version === number)
      return performance.now() - pushedAt
    })
    expect(tookMs).toBeLessThan(PUSH_ANSWERED_MS)
  })
})

describe('the record of all this', () => {
  it('is whole', async () => {
    expect(await platform.ok(['audit', 'verify'])).toMatch(
      /^The audit log is whole: \d+ entries, head [0-9a-f]{16}\.$/,
    )
  })

  it('says who let what answer, and when', async () => {
    const { promotions } = await platform.control.model.query({ name: 'iris' })
    expect(promotions.map(({ kind, from, to }) => `${kind} ${from}→${to}`)).toEqual([
      'returning 2→3',
      'evidence 1→2',
      'rollback 2→1',
      'evidence 1→2',
      'first null→1',
    ])
    expect(promotions[1]?.actor).toMatch(/^local:/)
  })
})
