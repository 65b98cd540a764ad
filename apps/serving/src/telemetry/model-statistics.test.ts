import { PlatformError, type ServedBy, type StageTimes } from '@understudy/core'
import type { BatchEnded, RequestEnded } from '@understudy/serving'
import { beforeEach, describe, expect, it } from 'vitest'
import { forEachStatistics, ModelStatistics, statisticsOf } from './model-statistics.ts'

const TIMES: StageTimes = { decodeMs: 1, queueMs: 2, batchMs: 5, runMs: 4, encodeMs: 3 }
const servedBy = (model: string, version: number): ServedBy => ({
  ...{ model, version, digest: 'd', commit: 'c', variant: 'live', generation: 1 },
})
const request = (model: string, version: number, error?: PlatformError): RequestEnded => ({
  ...{ requestId: 'r', protocol: 'oip-rest', model, servedBy: servedBy(model, version), times: TIMES, error },
  ...{ startedAtMs: 1_000, tookMs: 11.5 },
})
const batch = (rows: number, more: Partial<BatchEnded> = {}): BatchEnded => ({
  ...{ id: { name: 'm', version: 1 }, requests: 1, rows, queuedMs: 0, failed: 0, mirrored: false },
  ...{ startedAtMs: 0, tookMs: 5, ...more },
})

describe('ModelStatistics', () => {
  let statistics: ModelStatistics
  beforeEach(() => {
    statistics = new ModelStatistics()
  })

  it('adds up where the time of successful requests went, in nanoseconds', () => {
    statistics.requestEnded(request('m', 1))
    statistics.requestEnded(request('m', 1))
    expect(statistics.of('m', 1)).toEqual({
      ...{ model: 'm', version: 1, lastInferenceMs: 1_011, inferenceCount: 0, executionCount: 0 },
      success: { count: 2, ns: 23_000_000 },
      fail: { count: 0, ns: 0 },
      queue: { count: 2, ns: 4_000_000 },
      computeInput: { count: 2, ns: 4_000_000 },
      computeInfer: { count: 2, ns: 8_000_000 },
      computeOutput: { count: 2, ns: 6_000_000 },
      batches: [],
    })
  })

  it('counts failed requests apart, and those that no version took not at all', () => {
    const error = new PlatformError('serving.queue_full', 'x')
    statistics.requestEnded(request('m', 1, error))
    statistics.requestEnded({ ...request('m', 1, error), servedBy: undefined })
    expect(statistics.of('m', 1)).toMatchObject({
      ...{ fail: { count: 1, ns: 11_500_000 }, success: { count: 0, ns: 0 }, lastInferenceMs: 0 },
    })
  })

  it('counts rows and batches by size, and no batch that failed whole', () => {
    statistics.batchEnded(batch(4))
    statistics.batchEnded(batch(2))
    statistics.batchEnded(batch(4, { requests: 4, failed: 1 }))
    statistics.batchEnded(batch(8, { requests: 2, failed: 2 }))
    const { inferenceCount, executionCount, batches } = statistics.of('m', 1)
    expect([inferenceCount, executionCount]).toEqual([9, 3])
    expect(batches.map(({ batchSize, computeInfer }) => [batchSize, computeInfer])).toEqual([
      [2, { count: 1, ns: 5_000_000 }],
      [4, { count: 2, ns: 10_000_000 }],
    ])
  })

  it('holds a bounded number of sizes and versions', () => {
    const small = new ModelStatistics({ versionsMax: 2 })
    for (let rows = 1; rows <= 200; rows++) small.batchEnded(batch(rows))
    expect(small.of('m', 1)).toMatchObject({ executionCount: 200 })
    expect(small.of('m', 1).batches).toHaveLength(128)
    for (const version of [2, 3]) small.requestEnded(request('m', version))
    expect([1, 2, 3].map((version) => small.of('m', version).success.count)).toEqual([0, 1, 1])
    small.requestEnded(request('n', 1))
    small.requestEnded(request('n', 2))
    small.requestEnded(request('m', 1))
    expect(small.of('m', 1).success.count).toBe(1)
  })
})

describe('statisticsOf', () => {
  const predictor = {
    models: () => ['m', 'n'],
    versions: (model: string) =>
      model === 'x'
        ? undefined
        : ([
            { version: 3, state: 'loading' },
            { version: 2, state: 'available' },
            { version: 1, state: 'available' },
          ] as const),
  }
  const asked = (query: Parameters<typeof statisticsOf>[2]) =>
    statisticsOf(predictor, new ModelStatistics(), query).map(({ model, version }) => `${model}@${version}`)

  it('tells of every available version, oldest first', () => {
    expect(asked({ model: 'n' })).toEqual(['n@1', 'n@2'])
    expect(asked({ model: 'n', version: 2 })).toEqual(['n@2'])
  })

  it('knows no other', () => {
    expect(() => asked({ model: 'x' })).toThrow('There is no model "x" here')
    expect(() => asked({ model: 'm', version: 3 })).toThrow('has no version 3')
  })

  it('tells of all models one after the other', async () => {
    const told: string[] = []
    await forEachStatistics(predictor, new ModelStatistics(), (ofModel) =>
      told.push(ofModel.map(({ model, version }) => `${model}@${version}`).join()),
    )
    expect(told).toEqual(['m@1,m@2', 'n@1,n@2'])
  })

  it('lets everything else run in between when there are many models', async () => {
    const models = Array.from({ length: 20_000 }, (_, index) => `m${index}`)
    let turns = 0
    let isOver = false
    const turn = () => {
      turns += 1
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    let told = 0
    await forEachStatistics({ ...predictor, models: () => models }, new ModelStatistics(), () => {
      told += 1
    })
    isOver = true
    expect(told).toBe(20_000)
    expect(turns).toBeGreaterThan(1)
  })
})
