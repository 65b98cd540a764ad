import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type ServingPlan, systemClock } from '@understudy/core'
import { waitFor } from '@understudy/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MirroredSeries } from '../src/node/mirrored-series.ts'
import { PlanFileReader } from '../src/node/plan-file-reader.ts'

const empty = (model: string) => ({
  ...{ model, generation: 1, versions: [], labels: {} },
  ...{ mirror: null, capture: null, keepAnswersShare: 0 },
})
const plan = (...models: readonly string[]): ServingPlan => ({
  readAtMs: 1,
  models: models.map(empty),
  keys: [],
})

describe('PlanFileReader', () => {
  let folder: string
  let file: string
  let reader: PlanFileReader

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'understudy-plan-file-'))
    file = path.join(folder, 'plan.json')
    reader = new PlanFileReader(file, {
      clock: systemClock,
      series: new MirroredSeries(() => undefined),
    })
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function put(content: ServingPlan | string): Promise<void> {
    const draft = path.join(folder, 'draft')
    await writeFile(draft, typeof content === 'string' ? content : JSON.stringify(content))
    await rename(draft, file)
  }
  const names = async () => (await reader.read()).models.map(({ model }) => model)

  it('reads what the file holds now, however quickly it is written again', async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      await put(plan(name))
      expect(await names()).toEqual([name])
      await writeFile(file, JSON.stringify(plan(name.toUpperCase())))
      expect(await names()).toEqual([name.toUpperCase()])
    }
  })

  it('tells the time of this reading, and gives the same models while the file says the same', async () => {
    await put(plan('a'))
    const before = Date.now()
    const first = await reader.read()
    expect(first.readAtMs).toBeGreaterThanOrEqual(before)
    const again = await reader.read()
    await put(plan('a'))
    expect([again.models, (await reader.read()).models]).toEqual([first.models, first.models])
    expect(again.models).toBe(first.models)
    expect((await reader.read()).models).toBe(first.models)
  })

  it('does not parse a file again that has been as it is for a while', async () => {
    await put(plan('a'))
    const longAgo = new Date(Date.now() - 60_000)
    await utimes(file, longAgo, longAgo)
    await names()
    // Same size, inode and time: nothing but a forgery could look like this.
    await writeFile(file, JSON.stringify(plan('b')))
    await utimes(file, longAgo, longAgo)
    expect(await names()).toEqual(['a'])
  })

  it('fails while the file is missing, half written or of another form', async () => {
    const code = () => reader.read().catch((error) => error.code)
    expect(await code()).toBe('serving.plan_unreadable')
    await put('{"readAtMs":1,"mod')
    expect(await code()).toBe('serving.plan_invalid')
    await put('{"readAtMs":1,"models":[],"more":1}')
    expect(await code()).toBe('serving.plan_invalid')
    await put(plan('a'))
    expect(await names()).toEqual(['a'])
  })

  it('hints when the file is replaced', async () => {
    await put(plan('a'))
    let hints = 0
    const end = reader.onHint(() => {
      hints += 1
    })
    await put(plan('b'))
    await waitFor('a hint', () => hints > 0)
    end()
  })
})
