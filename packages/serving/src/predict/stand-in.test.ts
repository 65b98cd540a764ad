import { type NamedTensors, PlatformError } from '@understudy/core'
import { TestClock } from '@understudy/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { rowsOfX } from '../test-support/fake-model.ts'
import { DeadlineWatch } from './deadline-watch.ts'
import type { BatchReceiver } from './pending-request.ts'
import { StandIn } from './stand-in.ts'

const CRASH = new PlatformError('onnx.run_crashed', 'gone')
const OTHER_FAILED = new PlatformError('onnx.run_failed', 'bad row')
const OWN = rowsOfX([1, 1])
const OTHER = rowsOfX([2, 2])

describe('StandIn', () => {
  let clock: TestClock
  let asked: BatchReceiver[]
  let got: (NamedTensors | string)[]
  let isBusy: boolean
  let isThere: boolean
  let watch: DeadlineWatch<StandIn>

  beforeEach(() => {
    clock = new TestClock()
    asked = []
    got = []
    isBusy = false
    isThere = true
    watch = new DeadlineWatch(clock)
  })

  function given(): StandIn {
    return new StandIn({
      ...{ watch, origin: undefined, deadlineAtMs: clock.monotonicMs() + 50 },
      other: {
        ask: (receiver) => {
          if (isThere) asked.push(receiver)
          return isThere
        },
        isBusy: () => isBusy,
      },
      client: { answered: (outputs) => void got.push(outputs), failed: ({ code }) => void got.push(code) },
    })
  }

  it('asks nothing of the other version while its own answers in time', async () => {
    given().answered(OWN)
    await clock.advance(1_000)
    expect([got, asked, watch.size]).toEqual([[OWN], [], 0])
  })

  it.each([
    'onnx.run_crashed',
    'onnx.run_failed',
    'serving.run_timeout',
    'serving.input_refused',
    'serving.executor_lost',
    'serving.version_not_available',
    'serving.queue_full',
    'serving.drain_timeout',
  ] as const)('answers from the other version after %s', (code) => {
    given().failed(new PlatformError(code, 'as told'))
    expect(got).toEqual([])
    asked[0]?.answered(OTHER)
    expect([got, asked.length, watch.size]).toEqual([[OTHER], 1, 0])
  })

  it.each(['serving.cancelled', 'serving.deadline_exceeded'] as const)(
    'lets %s be: nobody waits any more',
    (code) => {
      given().failed(new PlatformError(code, 'as told'))
      expect([got, asked, watch.size]).toEqual([[code], [], 0])
    },
  )

  it('asks the other version once half of the time is over, and takes whichever answers first', async () => {
    const [slow, slower] = [given(), given()]
    await clock.advance(49)
    expect(asked).toEqual([])
    await clock.advance(1)
    expect(asked).toHaveLength(2)
    slow.answered(OWN)
    asked[0]?.answered(OTHER)
    asked[1]?.answered(OTHER)
    slower.failed(CRASH)
    expect([got, asked.length]).toEqual([[OWN, OTHER], 2])
  })

  it('asks nothing in advance of a version that has enough to do, but stands in all the same', async () => {
    isBusy = true
    const late = given()
    await clock.advance(50)
    expect(asked).toEqual([])
    late.failed(CRASH)
    asked[0]?.answered(OTHER)
    expect(got).toEqual([OTHER])
  })

  it('gives its own error when the other version is not there, and asks it as soon as it is', async () => {
    isThere = false
    given().failed(CRASH)
    expect(got).toEqual(['onnx.run_crashed'])
    const late = given()
    await clock.advance(50)
    isThere = true
    late.failed(CRASH)
    asked[0]?.answered(OTHER)
    expect(got.at(-1)).toBe(OTHER)
  })

  it('gives the error of the other version only when both have failed, in either order', async () => {
    const [first, second] = [given(), given()]
    await clock.advance(50)
    asked[0]?.failed(OTHER_FAILED)
    expect(got).toEqual([])
    first.failed(CRASH)
    second.failed(CRASH)
    asked[1]?.failed(OTHER_FAILED)
    expect(got).toEqual(['onnx.run_failed', 'onnx.run_failed'])
    const third = given()
    await clock.advance(50)
    asked[2]?.failed(OTHER_FAILED)
    third.answered(OWN)
    expect(got.at(-1)).toBe(OWN)
  })
})
