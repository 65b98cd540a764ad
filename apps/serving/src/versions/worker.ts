import { parentPort } from 'node:worker_threads'
import { toPlatformError } from '@understudy/core'
import { giveWay } from '../worker-threads/give-way.ts'
import { carryOutTask } from './carry-out-task.ts'
import type { IngestCall, IngestReply } from './ingest-protocol.ts'

// Entry of the ingest worker. It runs no model code; it reads, hashes and writes files, one task after the other.
giveWay()

parentPort?.on('message', ({ id, task }: IngestCall) => {
  parentPort?.postMessage(reply(id, task))
})

function reply(id: number, task: IngestCall['task']): IngestReply {
  try {
    return { id, answer: carryOutTask(task) }
  } catch (error) {
    const { code, message, details } = toPlatformError(error)
    return { id, failure: { code, message, details } }
  }
}
