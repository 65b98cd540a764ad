import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { StatusModel } from '@understudy/api/views'
import {
  endlessModel,
  externalLinearModel,
  hungryModel,
  identityModel,
  slowLoadModel,
  waitFor,
} from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Clone } from '../support/clone.ts'
import { Load } from '../support/load/load.ts'
import { BODIES, IMMEDIATE, ROWS, scaledModel } from '../support/models.ts'
import { leastMs, PUSH_ANSWERED_MS } from '../support/patience.ts'
import { Platform } from '../support/platform.ts'
import type { ProgramResult } from '../support/run-program.ts'

const MODEL = 'sturdy'
const GOOD = scaledModel(1)
const CONFIG = 'runtime: {runTimeoutMs: 1000}\nrollout: {strategy: immediate}\n'

const corrupt = Uint8Array.from(GOOD, (byte, at) => (at > 40 && at < 90 ? byte ^ 0x5a : byte))
const climbing = externalLinearModel('../../../secret.bin', { inputs: 4, outputs: 3 }).model
const wrongGolden = JSON.stringify({
  request: { inputs: { x: [[1, 0, 0, 0]] } },
  response: { outputs: { y: [[7, 7, 7]] } },
})

/** Each number of the model is bad in a way of its own; the reason says how. */
const BAD: Readonly<Record<number, { readonly what: string; readonly reason: RegExp }>> = {
  2: { what: 'a corrupt ONNX file', reason: /model\.onnx|ONNX/ },
  3: { what: 'a file that is not ONNX', reason: /ONNX/ },
  4: { what: 'a model whose golden samples fail', reason: /golden\/samples\.json.*y/ },
  5: { what: 'weights outside of its directory', reason: /\.\.\/\.\.\/\.\.\/secret\.bin/ },
  6: { what: 'a symlink', reason: /models\/sturdy\/6\/model\.onnx is a symlink/ },
  7: { what: 'a model of 0 bytes', reason: /models\/sturdy\/7\/model\.onnx has 0 bytes/ },
  8: { what: 'a run that never ends', reason: /time limit/ },
  9: { what: 'a run that eats memory', reason: /memory/i },
  10: { what: 'no model at all', reason: /models\/sturdy\/10 holds no model\.onnx/ },
}

let platform: Platform
let clone: Clone
let load: Load

async function writeBadVersions(): Promise<void> {
  const bytes = {
    2: corrupt,
    3: 'This is not a model.\n',
    4: scaledModel(2),
    5: climbing,
    7: '',
    8: endlessModel(),
    9: hungryModel(16),
  }
  for (const [number, content] of Object.entries(bytes))
    await clone.write({ [`models/${MODEL}/${number}/model.onnx`]: content })
  await clone.write({
    [`models/${MODEL}/4/golden/samples.json`]: wrongGolden,
    [`models/${MODEL}/10/notes.txt`]: 'The model comes later.\n',
    [`models/${MODEL}/abc/model.onnx`]: GOOD,
    [`models/${MODEL}/01/model.onnx`]: GOOD,
    'models/secret.bin': new Uint8Array(48),
  })
  await clone.link(`models/${MODEL}/6/model.onnx`, '../1/model.onnx')
}

beforeAll(async () => {
  platform = await Platform.start({
    name: 'bad-input',
    env: { UNDERSTUDY_POLL_INTERVAL_MS: '400', UNDERSTUDY_QUARANTINE_TIMEOUT_MS: '5000' },
  })
  // Without its hook a push is noticed by polling alone.
  await rm(path.join(platform.repositoryPath, 'hooks/post-receive'))
  clone = await platform.clone()
  await clone.pushVersion({ model: MODEL, number: 1, bytes: GOOD, config: CONFIG })
  await platform.untilLive(MODEL, 1)
  load = await Load.begin({
    url: `${platform.restUrl}/v1/models/${MODEL}:predict`,
    ratePerSecond: 40,
    bodies: BODIES,
  })
})

afterAll(async () => {
  await load?.end()
  await platform?.stop()
})

function reasonOf(status: StatusModel, number: number): string {
  return status.versions.find((version) => version.number === number)?.reason ?? ''
}

describe('a push that is noticed by polling alone', () => {
  it('is answered by the new version within 5 seconds where the strategy is immediate', async () => {
    const tookMs = await leastMs(PUSH_ANSWERED_MS, async (turn) => {
      const number = turn + 1
      await clone.pushVersion({ model: 'polled', number, bytes: scaledModel(number), config: IMMEDIATE })
      const pushedAt = performance.now()
      await waitFor(
        'its answer',
        async () => (await platform.predict('polled', { instances: [ROWS[0]] })).version === number,
      )
      return performance.now() - pushedAt
    })
    expect(tookMs).toBeLessThan(PUSH_ANSWERED_MS)
  })
})

describe('versions that cannot be served, pushed beside a good one', () => {
  let status: StatusModel
  let offline: ProgramResult

  beforeAll(async () => {
    await writeBadVersions()
    await clone.write({ 'models/slow/1/model.onnx': slowLoadModel() })
    await clone.pushVersion({ model: 'unharmed', number: 1, bytes: scaledModel(3), config: IMMEDIATE })
    await platform.untilLive('unharmed', 1)
    status = await platform.until(
      MODEL,
      'every bad version is judged',
      ({ versions }) =>
        versions.filter(({ state }) => state === 'rejected').length === Object.keys(BAD).length,
    )
    offline = await platform.cli(['validate', clone.path('models', MODEL)])
  })

  for (const [number, { what, reason }] of Object.entries(BAD)) {
    it(`rejects ${what}, and says so in status, in why and offline`, async () => {
      const text = reasonOf(status, Number(number))
      expect(text).toMatch(reason)
      expect(offline.stdout).toContain(text)
    })
  }

  it.each([
    ['abc', /abc/],
    ['01', /01/],
  ])('refuses the version directory %s, and says so in status and offline', (directory, message) => {
    const problem = status.problems.find(({ path }) => path === `models/${MODEL}/${directory}`)
    expect(problem?.code).toBe('gitops.version_number_invalid')
    expect(problem?.message).toMatch(message)
    expect(offline.stdout).toContain(problem?.message)
  })

  it('ends the offline check with exit code 1', () => {
    expect(offline.code).toBe(1)
    expect(offline.stderr).toContain('would be refused')
  })

  it('explains the newest of them in one sentence', async () => {
    const why = await platform.ok(['why', MODEL])
    expect(why).toContain(reasonOf(status, 10))
    expect(why).toContain('v1 goes on')
  })

  it('rejects a load that does not end within its time', async () => {
    const { versions, live } = await platform.until('slow', 'v1 is judged', (one) =>
      one.versions.some(({ state }) => state === 'rejected'),
    )
    expect(live).toBeNull()
    expect(versions[0]?.reason).toMatch(/time limit/)
  })

  it('leaves live untouched: no request of it failed', () => {
    expect(status.live).toBe(1)
    expect(load.failed).toEqual([])
    expect(new Set(load.records.map((record) => record.version))).toEqual(new Set([1]))
  })

  it('does nothing when the same is pushed again', async () => {
    const before = await platform.control.audit.query({ limit: 200 })
    await clone.git('push', '-q', 'origin', 'HEAD:main')
    const commit = await clone.push('Nothing changed')
    await waitFor('the commit to be taken', async () =>
      (await platform.log('controller')).includes(`"commit":"${commit}"`),
    )
    const after = await platform.control.audit.query({ limit: 200 })
    expect(after.entries).toEqual(before.entries)
  })
})

describe('a version that breaks the contract of the live one', () => {
  it('is rejected with what it changes: offline nobody knows what is live', async () => {
    await clone.remove(`models/${MODEL}/10`)
    await clone.pushVersion({ model: MODEL, number: 12, bytes: identityModel('float32', 4) })
    const status = await platform.until(MODEL, 'v12 is judged', (one) => reasonOf(one, 12) !== '')
    expect(reasonOf(status, 12)).toMatch(/contract of the live version: output "y" changes .* from .* to /)
    expect(status.live).toBe(1)
  })
})

describe('changed bytes under a used version number', () => {
  it('are refused with a reason, and the recorded version goes on', async () => {
    const before = (await platform.status(MODEL)).versions.find(({ number }) => number === 1)
    await clone.write({ [`models/${MODEL}/1/model.onnx`]: scaledModel(9) })
    await clone.push('Not the same any more')
    const status = await platform.until(MODEL, 'v1 is refused', (one) => reasonOf(one, 1) !== '')
    expect(reasonOf(status, 1)).toMatch(/v1|sturdy.*1/)
    expect(status.live).toBe(1)
    expect(status.versions.find(({ number }) => number === 1)?.digest).toBe(before?.digest)
    expect((await platform.predict(MODEL, { instances: [ROWS[0]] })).digest).toBe(before?.digest)
  })
})

describe('a wrong model.yaml', () => {
  it.each([
    [
      'a key that does not exist',
      'rollout:\n  strategie: shadow\n',
      /models\/sturdy\/model\.yaml:2:3: .*"strategie"/,
    ],
    [
      'a value of the wrong type',
      'runtime:\n  timeoutMs: soon\n',
      /models\/sturdy\/model\.yaml:2:14: runtime\.timeoutMs/,
    ],
    ['what is no YAML', 'rollout: [\n', /models\/sturdy\/model\.yaml:\d+:\d+: /],
  ])(
    'with %s is refused with line and column, in status and offline; the last good one counts',
    async (_, text, message) => {
      await clone.write({ [`models/${MODEL}/model.yaml`]: text })
      await clone.push('A mistake')
      const status = await platform.until(MODEL, 'the mistake is named', ({ problems }) =>
        problems.some((problem) => message.test(problem.message)),
      )
      expect(status.live).toBe(1)
      const { stdout, code } = await platform.cli(['validate', clone.path('models', MODEL, '1')])
      expect(code).toBe(1)
      expect(stdout).toMatch(message)
    },
  )
})

describe('a predict that does not fit', () => {
  it.each([
    ['the wrong shape', { instances: [[5.1, 3.5]] }, /measurements.*4/],
    ['the wrong type', { instances: [['a', 'b', 'c', 'd']] }, /measurements.*(float|number)/],
    ['the wrong name', { inputs: { petals: [[5.1, 3.5, 1.4, 0.2]] } }, /input: measurements/],
    ['no instances', {}, /instances|inputs/],
    ['no JSON', '{"instances": [[5.1, 3.5', /JSON/],
  ])('for %s is answered with 400, the input and what was expected', async (_, body, message) => {
    const answer = await platform.predict('iris', body)
    expect(answer.status).toBe(400)
    expect((answer.body as { error: string }).error).toMatch(message)
  })

  it('for a model or version that does not exist is answered with 404', async () => {
    const body = { instances: [[5.1, 3.5, 1.4, 0.2]] }
    expect((await platform.predict('nobody', body)).status).toBe(404)
    expect((await platform.predict('iris', body, { version: 9 })).status).toBe(404)
  })
})
