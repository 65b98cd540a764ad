import { parentPort } from 'node:worker_threads'
import { answerComparison } from './answer-comparison.ts'
import type { ComparisonRequest } from './comparison-protocol.ts'

// Entry of the comparison worker: pure JavaScript, loads no model, does no I/O.
parentPort?.on('message', (request: ComparisonRequest) => {
  parentPort?.postMessage(answerComparison(request))
})
