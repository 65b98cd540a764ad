import { NodeRig, OnnxBuilder, type RigNode } from '@understudy/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { metricSum } from '../support/metrics.ts'
import { isClose, offlineTruth } from '../support/offline-truth.ts'
import { PROJECT } from '../support/platform.ts'
import { predict } from '../support/prediction.ts'
import { quotientBody, quotientVersion } from '../support/quotients.ts'
import { planOf, SMALL, signatureOf } from '../support/serving-plans.ts'

const COLUMNS = 4
const WIDTH = 64
const RUNS = 40

/** Rows are told apart by every number; wide enough that batches are computed in another order than single rows. */
function layeredModel(): Uint8Array {
  const wave = (rows: number, columns: number, step: number) => ({
    dtype: 'float32' as const,
    shape: [rows, columns],
    data: Float32Array.from({ length: rows * columns }, (_, at) => Math.sin(1 + at * step) / Math.sqrt(rows)),
  })
  return new OnnxBuilder()
    .input('x', 'float32', ['N', COLUMNS])
    .output('y', 'float32', ['N', 3])
    .initializer('first', wave(COLUMNS, WIDTH, 0.37))
    .initializer('last', wave(WIDTH, 3, 0.73))
    .node('MatMul', [['x', 'first'], ['h']])
    .node('Tanh', [['h'], ['t']])
    .node('MatMul', [['t', 'last'], ['y']])
    .build()
}

const row = fc.array(
  fc.integer({ min: -300, max: 300 }).map((value) => value / 100),
  { minLength: COLUMNS, maxLength: COLUMNS },
)
/** Requests of one or more rows, in groups that leave together; the next group leaves when so many answers of the last are there. */
const groups = fc.array(
  fc.record({
    requests: fc.array(fc.array(row, { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 24 }),
    awaited: fc.nat(24),
  }),
  { minLength: 1, maxLength: 5 },
)

let rig: NodeRig
let node: RigNode

beforeAll(async () => {
  rig = await NodeRig.create(PROJECT)
  const runtime = { timeoutMs: 10_000, batching: { maxBatchSize: 16, maxDelayMs: 0 } }
  const layered = await rig.version({
    ...{ number: 1, files: layeredModel(), signature: signatureOf(COLUMNS, 3), measured: SMALL, runtime },
  })
  node = await rig.start({
    models: [planOf('layered', 1, [layered]), planOf('quotient', 1, [await quotientVersion(rig)])],
  })
  await node.untilAvailable('layered', 1)
  await node.untilAvailable('quotient', 1)
})

afterAll(() => rig?.close())

async function answerOf(rows: readonly (readonly number[])[]): Promise<readonly (readonly number[])[]> {
  const { status, body } = await predict(node.url, 'layered', { instances: rows })
  expect(status, JSON.stringify(body)).toBe(200)
  return (body as { predictions: readonly (readonly number[])[] }).predictions
}

describe('requests that are batched by a real node', () => {
  it('each get the answer that each of their rows gets alone, however they come together', async () => {
    await fc.assert(
      fc.asyncProperty(groups, async (sent) => {
        const truths = await offlineTruth(
          layeredModel(),
          sent.flatMap(({ requests }) => requests.flat()),
        )
        const answers: Promise<readonly (readonly number[])[]>[] = []
        for (const { requests, awaited } of sent) {
          const group = requests.map(answerOf)
          answers.push(...group)
          await group[Math.min(awaited, group.length - 1)]
        }
        const rows = (await Promise.all(answers)).flat()
        expect(rows).toHaveLength(truths.length)
        for (const [at, answer] of rows.entries())
          expect(isClose(answer, truths[at]), `row ${at}: ${answer} is not ${truths[at]}`).toBe(true)
      }),
      { numRuns: RUNS },
    )
    // It would prove nothing if every request had run alone.
    const batches = await metricSum(node.url, 'understudy_batch_rows_count', 'model="layered"')
    const rows = await metricSum(node.url, 'understudy_batch_rows_sum', 'model="layered"')
    expect(rows / batches).toBeGreaterThan(6)
  })

  it('fail alone when a row of theirs cannot be computed', async () => {
    const bodies = Array.from({ length: 40 }, (_, at) => quotientBody([[at * 6, at % 8 === 3 ? 0 : 2]]))
    const answers = await Promise.all(bodies.map((body) => predict(node.url, 'quotient', body)))
    for (const [at, { status, body }] of answers.entries()) {
      if (at % 8 === 3) expect(status).toBeGreaterThanOrEqual(400)
      else expect(body).toEqual({ predictions: [[at * 3]] })
    }
  })
})
