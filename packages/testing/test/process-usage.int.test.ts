import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { startCpuMeter } from '../src/process-usage.ts'

/** Uses this much CPU time, then says so and stays. */
const BUSY_MS = 50
const BUSY_THREAD = `
  const { parentPort } = require('node:worker_threads')
  const used = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  const until = used() + ${BUSY_MS}
  while (used() < until);
  parentPort.on('message', () => undefined)
  parentPort.postMessage('done')
`

async function busyThread(): Promise<Worker> {
  const worker = new Worker(BUSY_THREAD, { eval: true })
  await once(worker, 'message')
  return worker
}

it('counts the CPU time of threads that begin while it is measured', async () => {
  const usedMs = startCpuMeter([process.pid])
  const worker = await busyThread()
  expect(usedMs()).toBeGreaterThan(BUSY_MS / 2)
  await worker.terminate()
})

it('does not take away what a thread used that ends while it is measured', async () => {
  const worker = await busyThread()
  const usedMs = startCpuMeter([process.pid])
  await worker.terminate()
  expect(usedMs()).toBeGreaterThanOrEqual(0)
})
