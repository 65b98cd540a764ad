import { NodeRig, type RigNode, waitFor } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lost, wasNeverSent } from '../support/drain.ts'
import { Load } from '../support/load/load.ts'
import { BODIES, scaledModel } from '../support/models.ts'
import { PROJECT } from '../support/platform.ts'
import { Random } from '../support/random.ts'
import { keepLog, report } from '../support/report.ts'
import { planOf, smallVersion } from '../support/serving-plans.ts'

const STOPS = 8
const RATE = 500

let rig: NodeRig
let node: RigNode
const loads: Load[] = []

beforeAll(async () => {
  rig = await NodeRig.create(PROJECT)
})

afterAll(async () => {
  keepLog('drain', node?.output ?? '')
  for (const load of loads) await load.end()
  await rig?.close()
})

describe(`a node that is told to stop at a random moment under load, ${STOPS} times`, () => {
  it('ends with 0 and loses no request: each was answered, or found no open port', async () => {
    const random = Random.create('drain')
    const version = await smallVersion(rig, 1, scaledModel(1))
    let answered = 0
    let reset = 0
    const tookMs: number[] = []
    for (let stop = 1; stop <= STOPS; stop++) {
      node = await rig.start({ name: `node-${stop}`, models: [planOf('kept', 1, [version])] })
      await node.untilAvailable('kept', 1)
      const load = await Load.begin({
        url: `${node.url}/v1/models/kept:predict`,
        ...{ ratePerSecond: RATE, bodies: BODIES },
      })
      loads.push(load)
      await load.more(random.integer(50, RATE))
      const began = performance.now()
      expect(await node.stop()).toBe(0)
      tookMs.push(performance.now() - began)
      await waitFor('a request that found nobody', () => load.records.some(wasNeverSent))
      const records = await load.stop()
      expect(lost(records)).toEqual([])
      reset += records.filter(({ broken }) => broken !== null && broken.code !== 'ECONNREFUSED').length
      answered += records.filter(({ error }) => error === null).length
    }
    report(
      'drain',
      `${answered} answered over ${STOPS} stops, ${reset} reset in the queue of the port; they took ${tookMs.map((ms) => ms.toFixed(0)).join(', ')} ms`,
    )
  })
})
