import type { ModelPlan } from '@understudy/core'
import {
  cpuTimeMs,
  endlessModel,
  NodeRig,
  type ProcessEntry,
  type RigNode,
  stillRunning,
  waitFor,
} from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Harm, hurt, settledExecutors, untilGone } from '../support/executor-faults.ts'
import { describeLatency } from '../support/load/latency.ts'
import { Load } from '../support/load/load.ts'
import type { LoadRecord } from '../support/load/load-record.ts'
import { BODIES, ROWS, scaledModel } from '../support/models.ts'
import { isClose, offlineTruth } from '../support/offline-truth.ts'
import { PROJECT } from '../support/platform.ts'
import { Random } from '../support/random.ts'
import { keepLog, report } from '../support/report.ts'
import { planOf, SMALL, signatureOf, smallVersion } from '../support/serving-plans.ts'

const MODEL = 'sturdy'
const NODES = 4
const HARMS_PER_NODE = 6
const RATE = 200
const HARMS: readonly Harm[] = ['SIGKILL', 'SIGSEGV', 'SIGSTOP']
/** A stop is found within half a second; a machine that runs other tests beside has its own idea of that. */
const STOP_NOTICED_MS = 3_000
const BUSY_MS = 1_500

/** Executors that have used more of a processor than a start takes. */
function busy(of: RigNode): readonly ProcessEntry[] {
  return of.executors().filter(({ pid }) => cpuTimeMs([pid]) > BUSY_MS)
}

let rig: NodeRig
let models: readonly ModelPlan[]
let node: RigNode
const loads: Load[] = []

async function start(name: string): Promise<RigNode> {
  node = await rig.start({ name, models })
  await node.untilAvailable(MODEL, 1)
  await node.untilAvailable(MODEL, 2)
  return node
}

async function beginLoad(): Promise<Load> {
  const url = `${node.url}/v1/models/${MODEL}:predict`
  const load = await Load.begin({ url, ratePerSecond: RATE, bodies: BODIES })
  loads.push(load)
  return load
}

beforeAll(async () => {
  rig = await NodeRig.create(PROJECT)
  const versions = [await smallVersion(rig, 1, scaledModel(1)), await smallVersion(rig, 2, scaledModel(2))]
  models = [planOf(MODEL, 1, versions)]
})

afterAll(async () => {
  keepLog('lost-processes', node?.output ?? '')
  for (const load of loads) await load.end()
  await rig?.close()
})

describe('executors that are killed or stopped at random points under load', () => {
  const goneAfterMs: Record<Harm, number[]> = { SIGKILL: [], SIGSEGV: [], SIGSTOP: [] }
  const records: LoadRecord[] = []

  // A version that loses executor after executor waits longer and longer for the next one: each node takes a few losses.
  beforeAll(async () => {
    const random = Random.create('lost executors')
    for (let number = 1; number <= NODES; number++) {
      await start(`node-${number}`)
      const load = await beginLoad()
      for (let round = 0; round < HARMS_PER_NODE; round++) {
        await load.more(random.integer(1, RATE / 4))
        const harm = random.pick(HARMS)
        goneAfterMs[harm].push(await hurt(random.pick(await settledExecutors(node)), harm))
        await load.untilAnsweredBy(2)
      }
      records.push(...(await load.stop()))
      expect(await node.stop()).toBe(0)
    }
  })

  it('cost no request', () => {
    report('lost executors', `${NODES * HARMS_PER_NODE} lost: ${describeLatency(records)}`)
    expect(records.filter(({ error }) => error !== null)).toEqual([])
  })

  it('are noticed when they were only stopped', () => {
    const worst = Math.max(...goneAfterMs.SIGSTOP)
    report('stopped executors', `${goneAfterMs.SIGSTOP.length} ended after ${worst.toFixed(0)} ms at most`)
    expect(worst).toBeLessThan(STOP_NOTICED_MS)
  })

  it('change no answer', async () => {
    const truth = await offlineTruth(scaledModel(2), ROWS)
    const wrong = records.filter(({ error, output, row }) => {
      const [answer] = (output ?? []) as readonly (readonly number[])[]
      return error === null && !isClose(answer, truth[row])
    })
    expect(wrong).toEqual([])
  })
})

describe('all executors of a node, killed at the same moment', () => {
  it('are replaced, and every request is answered meanwhile', async () => {
    await start('bereft')
    const executors = await settledExecutors(node)
    const others = await beginLoad()
    await others.more(RATE)
    for (const { pid } of executors) process.kill(pid, 'SIGKILL')
    const began = performance.now()
    await untilGone(executors)
    await others.untilAnsweredBy(2)
    report('all executors killed', `answers again after ${(performance.now() - began).toFixed(0)} ms`)
    await others.more(RATE)
    await others.stop()
    expect(others.failed).toEqual([])
    report('all executors killed', describeLatency(others.records))
  })
})

describe('a node that is killed', () => {
  it('leaves no executor for longer than a second, not even one that is blocked in a run', async () => {
    const endless = await rig.version({
      ...{ number: 1, files: endlessModel(), signature: signatureOf(4, 4), measured: SMALL },
      runtime: { timeoutMs: 60_000, runTimeoutMs: 60_000 },
    })
    const doomed = await rig.start({ name: 'doomed', models: [planOf('endless', 1, [endless])] })
    // Its warm-up never ends either.
    await waitFor('a busy executor', () => busy(doomed).length > 0)
    const executors = doomed.executors()
    doomed.signal('SIGKILL')
    await doomed.exit
    const began = performance.now()
    await untilGone(executors, { timeoutMs: 1_000 })
    report(
      'killed node',
      `its ${executors.length} executors ended after ${(performance.now() - began).toFixed(0)} ms`,
    )
    expect(stillRunning(executors)).toEqual([])
  })
})
