import { parentPort } from 'node:worker_threads'
import { carryOutCodec } from './carry-out-codec.ts'
import type { CodecRequest } from './codec-protocol.ts'

// Entry of the codec worker: pure JavaScript, loads no model, does no I/O.
parentPort?.on('message', (request: CodecRequest) => {
  const { reply, transfer } = carryOutCodec(request)
  parentPort?.postMessage(reply, transfer)
})
