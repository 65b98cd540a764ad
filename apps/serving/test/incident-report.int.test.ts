import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { PlatformError, systemClock } from '@understudy/core'
import { type FakeNode, World } from '@understudy/db/testing'
import { FilePlanStore, noopObserver, ServingNodeCore } from '@understudy/serving'
import { createLogger } from '@understudy/telemetry'
import { waitFor } from '@understudy/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EvidenceCollector } from '../src/comparison/evidence-collector.ts'
import { IncidentLog } from '../src/node/incident-log.ts'
import { NodeReporter } from '../src/node/node-reporter.ts'

let world: World
let node: FakeNode
let folder: string

beforeAll(async () => {
  world = await World.open()
  node = await world.node('node-1')
  folder = await mkdtemp(path.join(os.tmpdir(), 'understudy-reporter-'))
})
afterAll(async () => {
  await world.close()
  await rm(folder, { recursive: true })
})

/** A reporter of a node that loads nothing. */
function createReporter(incidents: IncidentLog): NodeReporter {
  const clock = systemClock
  const collector = new EvidenceCollector({
    comparer: { compare: async () => [] },
    baselineOutputs: () => [],
  })
  const error = new PlatformError('onnx.load_failed', 'nothing is loaded here')
  const core = new ServingNodeCore(
    {
      ...{ clock, mirrorSink: collector, random: Math.random, observer: noopObserver },
      reader: { read: () => node.store.readPlan(), onHint: () => () => {} },
      store: new FilePlanStore(path.join(folder, 'plan.json')),
      adapter: { adapt: ({ id }) => ({ id, error }) },
    },
    { memoryLimitBytes: 1_000_000 },
  )
  const logger = createLogger({ name: 'test', level: 'silent' })
  return new NodeReporter({
    ...{ core, collector, incidents, clock, logger },
    keeping: { flush: async () => undefined },
    store: node.store,
    intervalMs: 20,
  })
}

it('records incidents once, also those that happened while the record could not be written', async () => {
  const { prisma } = world.database
  const incidents = new IncidentLog()
  const happens = (message: string) =>
    incidents.observer.incident({
      ...{ id: { name: 'iris', version: 2 }, digest: 'd2', kind: 'crash', message },
      ...{ atMs: Date.now(), confirmedInput: null },
    })
  await prisma.$executeRaw`ALTER TABLE executor_incident RENAME TO executor_incident_away`
  happens('first')
  const reporter = createReporter(incidents)
  reporter.start()
  await waitFor(
    'a report that could not be recorded',
    async () => (await prisma.node.findFirst())?.ready === false,
  )
  happens('second')
  expect(incidents.pending()).toHaveLength(2)
  await prisma.$executeRaw`ALTER TABLE executor_incident_away RENAME TO executor_incident`
  await waitFor('the incidents to be recorded', () => incidents.pending().length === 0)
  await reporter.close()
  const rows = await prisma.executorIncident.findMany({ orderBy: { seq: 'asc' } })
  expect(rows.map(({ seq, message }) => [seq, message])).toEqual([
    [1n, 'first'],
    [2n, 'second'],
  ])
})
