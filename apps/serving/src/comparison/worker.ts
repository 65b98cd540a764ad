import { parentPort } from 'node:worker_threads'
import { giveWay } from '../worker-threads/give-way.ts'
import { answerComparison } from './answer-comparison.ts'
import type { ComparisonRequest } from './comparison-protocol.ts'

// Entry of the comparison worker: pure JavaScript, loads no model, does no I/O. Live before shadow: it gives way.
giveWay()

parentPort?.on('message', (request: ComparisonRequest) => {
  parentPort?.postMessage(answerComparison(request))
})
