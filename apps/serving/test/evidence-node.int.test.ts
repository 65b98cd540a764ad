import { deriveInputKey, unsealBytes } from '@understudy/core'
import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { captureSubject } from '../src/capture/capture-buffer.ts'
import { decodeInputs } from '../src/capture/input-codec.ts'
import { exampleSubject } from '../src/comparison/sealed-inputs.ts'
import { type Pair, type RecordedNode, RecordedRig } from './recorded-rig.ts'

const KEY = deriveInputKey('the secret of this installation')
const MODEL = 'sum'
const CONFIG = `
outputs: {y: {compare: {kind: tolerance, atol: 0.001, rtol: 0}, gate: true}}
rollout:
  shadow: {require: [live, replay], minPairs: 20}
  segments: {header: x-tenant}
  gates:
    latency: {margin: 0.5, sample: 1, overMs: 1000}
    disagreement: {budget: 0.5}
    quality: {output: y, loss: absolute, scale: 10}
privacy:
  storeInputs: true
  capture: {share: 1}
`

let rig: RecordedRig
let node: RecordedNode

beforeAll(async () => {
  rig = await RecordedRig.open(MODEL, CONFIG)
  node = await rig.start('node-1', { UNDERSTUDY_INPUT_KEY: KEY })
}, 120_000)
afterAll(() => rig?.close())

const prisma = () => rig.prisma
const predict = (requestId: string, row: Pair, headers: Readonly<Record<string, string>> = {}) =>
  rig.predict(node, [row], { 'understudy-request-id': requestId, ...headers })
const counters = (source: string, gate: string) =>
  prisma().evidenceCounter.findMany({ where: { source, gate } })
const counted = async (source: string, gate: string) =>
  (await counters(source, gate)).reduce((sum, row) => sum + Number(row.nPlus + row.nZero + row.nMinus), 0)

it('captures what clients ask, and replays it once for the next version, with run times, segments, minutes and answers on record', async () => {
  await rig.push(1, [1, 1])
  await rig.answered(node)
  await waitFor('live traffic to be captured', async () => {
    await predict(`early-${Math.random()}`, [3, 4])
    return (await prisma().capture.count()) >= 40
  })
  const [kept] = await prisma().capture.findMany({ where: { requestId: { startsWith: 'early' } }, take: 1 })
  const opened = unsealBytes(KEY, kept?.body ?? Buffer.of(), captureSubject(MODEL, kept?.requestId ?? ''))
  expect([...(decodeInputs(opened ?? Buffer.of())?.get('x')?.data ?? [])]).toEqual([3, 4])

  await rig.push(2, [1, 1.01])
  await rig.untilShadow(2)
  const early = await prisma().capture.count()
  await waitFor(
    'every captured request to be replayed',
    async () => (await counted('replay', 'errors')) >= 40,
  )
  await waitFor('live pairs', async () => {
    await predict(`live-${Math.random()}`, [30, 40], { 'x-tenant': 'acme' })
    return (await counted('live', 'errors')) >= 20
  })

  await waitFor('the names of the replayed', async () => (await prisma().replayedRequest.count()) >= early)
  expect(await counted('replay', 'errors')).toBe(await prisma().replayedRequest.count())
  expect(await counters('replay', 'latency')).not.toEqual([])
  expect(await counters('replay', 'calibration')).not.toEqual([])
  await waitFor('slow runs', async () => (await counted('live', 'slowRuns')) > 0)
  expect(new Set((await counters('live', 'errors')).map(({ segment }) => segment))).toContain('acme')

  const [minute] = await prisma().evidenceMinute.findMany()
  expect(Number(minute?.requests)).toBeGreaterThan(0)
  expect(Number(minute?.sampled)).toBeGreaterThan(0)

  const [example] = await prisma().pairExample.findMany({ where: { kind: 'worst', source: 'live' }, take: 1 })
  expect(JSON.stringify(example?.body)).toMatch(/"inputHash":"[0-9a-f]{64}"/)
  const inputs = unsealBytes(
    KEY,
    example?.inputs ?? Buffer.of(),
    exampleSubject(example?.seriesId ?? '', example?.requestId ?? ''),
  )
  expect(JSON.parse(inputs?.toString() ?? '')).toMatchObject({ x: { values: [30, 40] } })

  const answers = await prisma().keptAnswer.findMany({ where: { requestId: example?.requestId ?? '' } })
  expect(answers.map(({ number, source, step }) => [Number(number), source, step]).sort()).toEqual([
    [1, 'live', 'shadow'],
    [2, 'live', 'shadow'],
  ])
  expect(answers[0]?.answer).toMatchObject({ y: { dtype: 'float32', shape: [1] } })

  for (const secret of [KEY, '3,4']) expect(node.output).not.toContain(secret)
}, 180_000)
