import { type ErrorCode, isPlatformError, type NamedTensors, PlatformError } from '@understudy/core'
import type { RunResult, ServableRole } from '@understudy/serving'
import { TestClock, waitFor } from '@understudy/testing'
import { describe, expect, it } from 'vitest'
import { restartDelayMs, SOUND_AFTER_MS } from '../pool/restart-delay.ts'
import type { ExecutorExit } from '../process/executor-exit.ts'
import type { ExecutorEvent, VersionIncident } from './executor-events.ts'
import type { ServableHome, SettleRequest } from './home-keeper-options.ts'
import type { Place } from './next-step.ts'
import { OnnxServable, type WishFacts } from './onnx-servable.ts'

const EXIT: ExecutorExit = { code: null, signal: 'SIGKILL', lastWord: undefined, stderrTail: '' }
const ANSWER: RunResult = { outputs: new Map(), runTimeMs: 1 }
const INPUTS: NamedTensors = new Map()
const ID = { name: 'm', version: 1 }
const LIVE: Place = { form: 'prepacked', placement: 'own' }
const FIRST: Place = { form: 'mapped', placement: 'own' }
const AT_REST: Place = { form: 'mapped', placement: 'parked' }

/** A home whose runs stay open until the test answers them or ends its executor. */
class FakeHome implements ServableHome {
  readonly pid: number
  readonly form: Place['form']
  readonly placement: Place['placement']
  readonly exited: Promise<ExecutorExit>
  isAlive = true
  hasLeft = false
  isBackground = false
  keepsBackground = false
  #end: (exit: ExecutorExit) => void = () => {}
  #open: { resolve: (result: RunResult) => void; reject: (error: PlatformError) => void }[] = []

  constructor(pid: number, place: Place) {
    this.pid = pid
    this.form = place.form
    this.placement = place.placement
    this.exited = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  get openRuns(): number {
    return this.#open.length
  }

  run(): Promise<RunResult> {
    return new Promise((resolve, reject) => this.#open.push({ resolve, reject }))
  }

  answerAll(): void {
    for (const { resolve } of this.#open.splice(0)) resolve(ANSWER)
  }

  /** The run under way gets this error, those behind it are lost with it. */
  crash(code: ErrorCode = 'onnx.run_crashed', exit = EXIT): void {
    this.isAlive = false
    const open = this.#open.splice(0)
    open.forEach(({ reject }, i) => {
      const details = { wasRunning: i === 0 }
      reject(new PlatformError(i === 0 ? code : 'serving.executor_lost', 'as told', { details }))
    })
    this.#end(exit)
  }

  async leave(): Promise<void> {
    this.hasLeft = true
  }

  async evict(): Promise<void> {
    this.hasLeft = true
    if (this.isAlive) this.crash('serving.executor_lost')
  }

  async setBackground(on: boolean): Promise<void> {
    if (this.keepsBackground && !on) throw new PlatformError('onnx.executor_unavailable', 'no priority')
    this.isBackground = on
  }
}

interface RigOptions {
  readonly role?: ServableRole
  readonly isArriving?: boolean
  readonly first?: Place
  readonly wish?: (facts: WishFacts) => Place
}

function setUp({ role = 'live', isArriving = false, first = LIVE, wish = () => LIVE }: RigOptions = {}) {
  const clock = new TestClock()
  const homes = [new FakeHome(1, first)]
  const events: ExecutorEvent[] = []
  const incidents: VersionIncident[] = []
  /** Loads that the test lets succeed or fail; without it they succeed at once. */
  const gate = { open: async (_request: SettleRequest) => {}, warmUps: 0 }
  const settle = async (request: SettleRequest) => {
    await gate.open(request)
    if (request.signal.aborted) throw new PlatformError('serving.cancelled', 'given up')
    const home = new FakeHome(homes.length + 1, request)
    home.isBackground = request.isBackground
    homes.push(home)
    return home
  }
  const servable = new OnnxServable(
    {
      ...{ id: ID, role, isArriving, wish, settle, clock, batchable: true, firstForm: 'mapped' },
      signature: { inputs: [], outputs: [] },
      runTimeoutMs: 5_000,
      retryWithinMs: 1_000,
      warmUp: async () => {
        gate.warmUps += 1
      },
      runAlone: async () => ANSWER,
      onEvent: (event) => events.push(event),
      onIncident: (incident) => incidents.push(incident),
    },
    homes[0] as FakeHome,
  )
  /** The home of that number, once `runs` runs have reached it. */
  const reached = (number: number, runs = 1) =>
    waitFor(`${runs} runs in home ${number}`, () => {
      const home = homes[number - 1]
      return home && home.openRuns >= runs ? home : undefined
    })
  const home = (number: number) => waitFor(`home ${number}`, () => homes[number - 1])
  const types = () => events.map(({ type }) => type)
  return { clock, servable, events, types, incidents, homes, gate, reached, home }
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error) => (isPlatformError(error) ? error.code : String(error)),
  )

it('says whether it is held in the form that clients get, also while it is on trial', async () => {
  const { servable, homes, home } = setUp({
    ...{ role: 'rollout', first: FIRST },
    wish: ({ role }) => (role === 'rollout' ? FIRST : LIVE),
  })
  expect(servable.isInLiveForm()).toBe(false)
  servable.beginMoving()
  servable.assume('canary')
  await home(2)
  await waitFor('the move', () => servable.isInLiveForm() || undefined)
  homes[1]?.crash()
  expect(servable.isInLiveForm()).toBe(false)
})

describe('a loss', () => {
  it('is made good in the form that can be had soonest; what waited runs there, what was under way is suspect', async () => {
    const { servable, reached, types, incidents } = setUp()
    const suspect = codeOf(servable.run(INPUTS))
    await reached(1)
    const innocent = codeOf(servable.run(INPUTS))
    ;(await reached(1, 2)).crash()
    const second = await reached(2)
    expect(second.form).toBe('mapped')
    second.answerAll()
    expect(await suspect).toBe('onnx.run_crashed')
    expect(await innocent).toBe('answered')
    expect(types()).toEqual(['lost', 'replaced'])
    expect(incidents).toMatchObject([{ id: ID, kind: 'crash' }])
  })

  it.each([
    ['serving.run_timeout', 'hang'],
    ['onnx.memory_limit', 'memory'],
    ['onnx.frame_invalid', 'frame'],
  ] as const)('by %s is told once, as %s', async (code, kind) => {
    const { servable, reached, incidents } = setUp()
    const runs = [codeOf(servable.run(INPUTS)), codeOf(servable.run(INPUTS))]
    ;(await reached(1, 2)).crash(code)
    ;(await reached(2)).answerAll()
    expect(await Promise.all(runs)).toEqual([code, 'answered'])
    expect(incidents.map((incident) => incident.kind)).toEqual([kind])
  })

  it('for memory between two runs is held against a version that is alone', async () => {
    const { homes, incidents, home } = setUp()
    homes[0]?.crash('onnx.memory_limit', { ...EXIT, lastWord: 'memory' })
    await home(2)
    expect(incidents).toMatchObject([{ kind: 'memory' }])
  })

  it('from outside while nothing ran is no incident', async () => {
    const { homes, incidents, home } = setUp()
    homes[0]?.crash()
    await home(2)
    expect(incidents).toEqual([])
  })

  it('fails runs as lost when there is no replacement in their time, and is made good when there can be one', async () => {
    const { servable, reached, clock, types, homes, gate } = setUp()
    gate.open = async () => {
      throw new PlatformError('onnx.executor_unavailable', 'no process')
    }
    homes[0]?.crash()
    const early = codeOf(servable.run(INPUTS))
    await waitFor('a failed start', () => types().includes('replacementFailed'))
    await clock.advance(1_000)
    expect(await early).toBe('serving.executor_lost')
    gate.open = async () => {}
    const late = codeOf(servable.run(INPUTS))
    await clock.advance(restartDelayMs(5))
    ;(await reached(2)).answerAll()
    expect(await late).toBe('answered')
  })

  it('after a long sound life is made good without delay', async () => {
    const { servable, homes, clock, reached } = setUp()
    for (const number of [1, 2, 3]) {
      await clock.advance(SOUND_AFTER_MS)
      const run = codeOf(servable.run(INPUTS))
      homes[number - 1]?.crash('serving.executor_lost')
      // Without a wait: the clock of the test stands still.
      ;(await reached(number + 1)).answerAll()
      expect(await run).toBe('answered')
    }
  })

  it('however often, is made good within half a second as long as there were answers in between', async () => {
    const { servable, homes, clock, reached } = setUp()
    for (let number = 1; number <= 20; number++) {
      const run = codeOf(servable.run(INPUTS))
      ;(await reached(number)).answerAll()
      expect(await run).toBe('answered')
      homes[number - 1]?.crash('serving.executor_lost')
      // A turn for the loss to be seen; then no more than this.
      await waitFor('the loss', () => servable.place === undefined || homes.length > number)
      await clock.advance(500)
    }
    await reached(21, 0)
  })

  it('ends a move that is under way: the replacement does not wait for it', async () => {
    const { servable, homes, gate, home, types } = setUp({ first: FIRST })
    let isAborted = false
    gate.open = (request) =>
      new Promise((resolve) => {
        request.signal.addEventListener('abort', () => {
          isAborted = true
          resolve()
        })
      })
    servable.beginMoving()
    gate.open = async () => {}
    homes[0]?.crash()
    expect((await home(2)).form).toBe('mapped')
    expect(isAborted).toBe(true)
    expect(types()).toEqual(['lost', 'replaced'])
  })
})

describe('a move', () => {
  it('waits for the warm-up, is warmed itself, and lets runs under way end where they are', async () => {
    const { servable, homes, gate, home, types, reached } = setUp({ first: FIRST })
    const early = codeOf(servable.run(INPUTS))
    await reached(1)
    expect(homes).toHaveLength(1)
    servable.beginMoving()
    expect((await home(2)).form).toBe('prepacked')
    await waitFor('the move', () => types().includes('moved'))
    expect(gate.warmUps).toBe(1)
    const late = codeOf(servable.run(INPUTS))
    ;(await reached(2)).answerAll()
    ;(await reached(1)).answerAll()
    expect([await early, await late]).toEqual(['answered', 'answered'])
    expect(homes[0]?.hasLeft).toBe(true)
  })

  it('into the form at rest runs nothing', async () => {
    const { servable, gate, home } = setUp({ wish: ({ role }) => (role === 'live' ? LIVE : AT_REST) })
    servable.beginMoving()
    servable.assume('idle')
    expect((await home(2)).placement).toBe('parked')
    expect(gate.warmUps).toBe(0)
  })

  it('is followed by the next when the role changed meanwhile; there is never more than one', async () => {
    const { servable, homes, gate } = setUp({
      first: FIRST,
      wish: ({ role }) => (role === 'live' ? LIVE : AT_REST),
    })
    let under = 0
    let most = 0
    gate.open = async () => {
      under += 1
      most = Math.max(most, under)
      await new Promise((resolve) => setImmediate(resolve))
      under -= 1
    }
    servable.beginMoving()
    for (const role of ['idle', 'live', 'idle', 'live', 'idle'] as const) servable.assume(role)
    await waitFor('the form at rest', () => servable.place?.placement === 'parked')
    expect(most).toBe(1)
    expect(homes.filter((home) => home.isAlive && !home.hasLeft)).toHaveLength(1)
  })

  it('that fails is tried again a few times, and given up; the version is served meanwhile', async () => {
    const { servable, gate, clock, types } = setUp({ first: FIRST })
    gate.open = async () => {
      throw new PlatformError('onnx.load_failed', 'no room')
    }
    servable.beginMoving()
    for (let second = 0; second < 60; second++) await clock.advance(1_000)
    expect(types()).toEqual(Array.from({ length: 5 }, () => 'moveFailed'))
    expect(servable.place).toMatchObject(FIRST)
  })

  it('away from others follows when the version has ended an executor', async () => {
    const shared: Place = { form: 'prepacked', placement: 'shared' }
    const wish = ({ incidents }: WishFacts) => (incidents === 0 ? shared : LIVE)
    const { servable, reached, clock } = setUp({ first: shared, wish })
    servable.beginMoving()
    const run = codeOf(servable.run(INPUTS))
    ;(await reached(1)).crash('serving.run_timeout')
    expect(await run).toBe('serving.run_timeout')
    await clock.advance(1_000)
    await waitFor('its own home', () => servable.place?.placement === 'own')
  })

  it('away from others follows when its runs turn out slow', async () => {
    const shared: Place = { form: 'prepacked', placement: 'shared' }
    const wish = ({ runMs = 0 }: WishFacts) => (runMs > 0.5 ? LIVE : shared)
    const { servable, reached } = setUp({ first: shared, wish })
    servable.beginMoving()
    const runs = Array.from({ length: 32 }, () => servable.run(INPUTS))
    ;(await reached(1, 32)).answerAll()
    await Promise.all(runs)
    await waitFor('its own home', () => servable.place?.placement === 'own')
  })
})

describe('the priority', () => {
  it('of a version on trial is the lower one, and the normal one from the moment it is live', () => {
    const { servable, homes } = setUp({ role: 'rollout' })
    const [home] = homes
    expect(home?.isBackground).toBe(true)
    servable.assume('live')
    expect(home?.isBackground).toBe(false)
    servable.assume('rollout')
    expect(home?.isBackground).toBe(true)
    servable.assume('idle')
    expect(home?.isBackground).toBe(false)
  })

  it('of a version that arrives is the lower one until it is warm, then that of its role', () => {
    for (const [role, after] of [
      ['live', false],
      ['rollout', true],
    ] as const) {
      const { servable, homes } = setUp({ role, isArriving: true })
      expect(homes[0]?.isBackground).toBe(true)
      servable.beginMoving()
      expect(homes[0]?.isBackground).toBe(after)
    }
  })

  it('of a version that arrives is the normal one for the rest of a run of its warm-up that was kept waiting', async () => {
    const { servable, clock, reached } = setUp({ isArriving: true })
    const run = servable.run(INPUTS)
    const home = await reached(1)
    await clock.advance(1_250)
    expect(home.isBackground).toBe(false)
    home.answerAll()
    await run
    expect(home.isBackground).toBe(true)
  })

  it('of a version on trial is the lower one in the home that replaces a lost one, too', async () => {
    const { servable, homes, home } = setUp({ role: 'rollout' })
    homes[0]?.crash()
    const second = await home(2)
    expect(second.isBackground).toBe(true)
    await waitFor('the replacement', () => servable.place?.pid === 2)
    expect(second.isBackground).toBe(true)
  })

  it('is that of the role at the end of a move, whatever it was at its beginning', async () => {
    const wish = ({ incidents }: WishFacts) => (incidents === 0 ? FIRST : LIVE)
    const { servable, gate, home, reached, clock } = setUp({ role: 'rollout', first: FIRST, wish })
    servable.beginMoving()
    const suspect = codeOf(servable.run(INPUTS))
    ;(await reached(1)).crash('serving.run_timeout')
    expect(await suspect).toBe('serving.run_timeout')
    await home(2)
    gate.open = async () => servable.assume('live')
    await clock.advance(1_000)
    const third = await home(3)
    await waitFor('the move', () => servable.place?.pid === third.pid)
    expect(third.isBackground).toBe(false)
  })

  it('is the normal one for the rest of a run that was kept waiting for a good part of its time', async () => {
    const { servable, clock, reached } = setUp({ role: 'rollout' })
    const run = servable.run(INPUTS)
    const home = await reached(1)
    await clock.advance(1_249)
    expect(home.isBackground).toBe(true)
    await clock.advance(1)
    expect(home.isBackground).toBe(false)
    home.answerAll()
    await run
    expect(home.isBackground).toBe(true)
  })

  it('stays the lower one while runs end, however many there are', async () => {
    const { servable, clock, reached } = setUp({ role: 'rollout' })
    for (let round = 0; round < 10; round++) {
      const run = servable.run(INPUTS)
      const home = await reached(1)
      await clock.advance(1_000)
      expect(home.isBackground).toBe(true)
      home.answerAll()
      await run
    }
  })

  it('that is not given back makes the version move to another executor', async () => {
    const { servable, homes, home } = setUp({ role: 'rollout' })
    const [first] = homes
    if (first) first.keepsBackground = true
    servable.beginMoving()
    servable.assume('live')
    const second = await home(2)
    await waitFor('the move', () => servable.place?.pid === second.pid)
    expect(second.isBackground).toBe(false)
    expect(first?.hasLeft).toBe(true)
  })
})

describe('close', () => {
  it('ends what is there and what is under way, and refuses runs', async () => {
    const { servable, homes, gate } = setUp({ first: FIRST })
    gate.open = (request) =>
      new Promise((resolve) => request.signal.addEventListener('abort', () => resolve()))
    servable.beginMoving()
    await servable.close()
    await servable.close()
    expect(await codeOf(servable.run(INPUTS))).toBe('serving.executor_lost')
    expect(homes).toHaveLength(1)
    expect(homes[0]?.hasLeft).toBe(true)
  })
})
