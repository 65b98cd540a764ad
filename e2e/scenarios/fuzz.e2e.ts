import { connect, type Socket } from 'node:net'
import { ModelInferRequest, ModelInferResponse } from '@understudy/protocols/generated/grpc_service'
import { memoryUse, NodeRig, type RigNode } from '@understudy/testing'
import { runSeed } from '@understudy/testing/seed'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { FLOODS, PREFACE } from '../support/fuzz/http2-frames.ts'
import { arbitraryBytes, mutated } from '../support/fuzz/mutate.ts'
import { flood, rawExchange, request, statusesIn } from '../support/fuzz/raw-exchange.ts'
import { closeChannels, grpcCall } from '../support/grpc-call.ts'
import { scaledModel } from '../support/models.ts'
import { PROJECT } from '../support/platform.ts'
import { predict } from '../support/prediction.ts'
import { Random } from '../support/random.ts'
import { planOf, smallVersion } from '../support/serving-plans.ts'

const MODEL = 'fuzzed'
const AT_ONCE = 8
const MEMORY_GROWTH_MAX_BYTES = 400 * 2 ** 20
const ROW = [1, 2, 3, 4]
const INFER = '/inference.GRPCInferenceService/ModelInfer'
const STATISTICS = '/inference.GRPCInferenceService/ModelStatistics'

const seed = runSeed()
const random = new Random(seed)

let rig: NodeRig
let node: RigNode
let executors: readonly number[]
let truth: string
let memoryBefore: number
const floods: Socket[] = []

beforeAll(async () => {
  process.stdout.write(`fuzz: UNDERSTUDY_SEED=${seed} sends the same again\n`)
  rig = await NodeRig.create(PROJECT)
  const version = await smallVersion(rig, 1, scaledModel(1))
  node = await rig.start({ models: [planOf(MODEL, 1, [version])] })
  await node.untilAvailable(MODEL, 1)
  truth = JSON.stringify((await predict(node.url, MODEL, { instances: [ROW] })).body)
  executors = node.executors().map(({ pid }) => pid)
  memoryBefore = memoryUse([node.pid]).pssBytes
})
afterAll(async () => {
  closeChannels()
  await rig?.close()
})

/** Whatever was sent: others are answered as before, over every protocol, and no process was lost or has grown without bound. */
afterEach(async () => {
  expect((await fetch(`${node.url}/v2/health/live`)).status).toBe(200)
  const { status, body } = await predict(node.url, MODEL, { instances: [ROW] })
  expect([status, JSON.stringify(body)]).toEqual([200, truth])
  const answer = await grpcCall(node.grpcPort, INFER, [ModelInferRequest, ModelInferResponse], goodCall())
  expect(answer).toMatchObject({ message: { modelName: MODEL } })
  expect(node.executors().map(({ pid }) => pid)).toEqual(expect.arrayContaining([...executors]))
  for (const socket of floods.splice(0)) socket.destroy()
  expect(memoryUse([node.pid]).pssBytes - memoryBefore).toBeLessThan(MEMORY_GROWTH_MAX_BYTES)
})

function goodCall(): ModelInferRequest {
  return {
    ...ModelInferRequest.decode(new Uint8Array()),
    modelName: MODEL,
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1n, 4n], parameters: new Map(), contents: undefined }],
    rawInputContents: [Buffer.from(Float32Array.from(ROW).buffer)],
  }
}

/** Statuses that say that the node is to blame, or that it let the caller wait. */
const FAULTS = ['INTERNAL', 'UNKNOWN', 'DATA_LOSS', 'UNAVAILABLE', 'CANCELLED', 'DEADLINE_EXCEEDED']

const BINARY_HEAD =
  '{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","parameters":{"binary_data_size":16}}]}'
const FLOATS = Buffer.from(Float32Array.from(ROW).buffer)
const JSON_INFER = '{"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}'

const GOOD: readonly Buffer[] = [
  request(`POST /v1/models/${MODEL}:predict`, '{"instances":[[1,2,3,4]]}'),
  request(`POST /v1/models/${MODEL}:predict`, '{"inputs":{"x":[[1.5,-2e3,3,4]]},"signature_name":"a"}'),
  request(`POST /v1/models/${MODEL}:classify`, '{"examples":[{"x":[1.0,2.0]},{"y":{"b64":"AA=="}}]}'),
  request(`GET /v1/models/${MODEL}/versions/1/metadata`, '', []),
  request(`POST /v2/models/${MODEL}/infer`, JSON_INFER),
  request(`POST /v2/models/${MODEL}/infer`, Buffer.concat([Buffer.from(BINARY_HEAD), FLOATS]), [
    `content-length: ${BINARY_HEAD.length + FLOATS.length}`,
    `inference-header-content-length: ${BINARY_HEAD.length}`,
  ]),
  request(`POST /v2/models/${MODEL}/infer`, FLOATS, [
    'content-length: 16',
    'inference-header-content-length: 0',
  ]),
  request('POST /v2/repository/index', '{"ready":true}'),
  request('POST /trpc/predict', `{"model":"${MODEL}","instances":[[1,2,3,4]]}`, [
    'content-type: application/json',
    `content-length: ${38 + MODEL.length}`,
  ]),
  request(`POST /v1/models/${MODEL}:predict`, '1a\r\n{"instances":[[1,2,3,4]]}\r\n0\r\n\r\n', [
    'transfer-encoding: chunked',
  ]),
]

/** Works through many, some at once. */
async function inParallel(count: number, work: () => Promise<void>): Promise<void> {
  const lane = async (lanes: number) => {
    for (let left = Math.ceil(count / lanes); left > 0; left -= 1) await work()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, () => lane(AT_ONCE)))
}

describe(`REST, with seed ${seed}`, () => {
  it('answers requests that were good once, or ends their connection; it never fails and never hangs', async () => {
    await inParallel(600, async () => {
      const bytes = mutated(random, random.pick(GOOD))
      const answers = await rawExchange(node.port, bytes)
      const shown = JSON.stringify(bytes.toString('latin1'))
      // 500 would be a fault of ours; 503 answers what is refused on purpose.
      expect(statusesIn(answers), `${shown} was answered ${answers}`).not.toContain(500)
    })
  })

  it('ends a connection that brings bytes without any sense', async () => {
    await inParallel(200, async () => {
      const bytes = arbitraryBytes(random, 400)
      expect(statusesIn(await rawExchange(node.port, bytes))).not.toContain(200)
    })
  })

  it.each([
    ['a length beside chunks', ['content-length: 4', 'transfer-encoding: chunked'], '0\r\n\r\n'],
    ['chunks beside a length', ['transfer-encoding: chunked', 'content-length: 4'], '0\r\n\r\n'],
    ['two lengths', ['content-length: 4', 'content-length: 9'], '{}\r\n'],
    ['two lengths in one', ['content-length: 4, 9'], '{}\r\n'],
    ['a length with a sign', ['content-length: +4'], '{}\r\n'],
    ['a negative length', ['content-length: -4'], '{}\r\n'],
    ['a length in hex', ['content-length: 0x4'], '{}\r\n'],
    ['a length beyond 64 bits', ['content-length: 99999999999999999999'], '{}\r\n'],
    ['a space in front of the colon', ['content-length : 4'], '{}\r\n'],
    [
      'a header that goes on in the next line',
      ['content-length: 4', 'x: a\r\n transfer-encoding: chunked'],
      '{}\r\n',
    ],
    ['a header that ends with a bare line feed', ['x: a\ncontent-length: 4'], '{}\r\n'],
    ['chunks that are not the last encoding', ['transfer-encoding: chunked, identity'], '0\r\n\r\n'],
    ['an encoding like chunked', ['transfer-encoding: xchunked'], '0\r\n\r\n'],
    ['a chunk without a size', ['transfer-encoding: chunked'], 'zz\r\n{}\r\n0\r\n\r\n'],
    ['a chunk that is longer than it says', ['transfer-encoding: chunked'], '1\r\n{}\r\n0\r\n\r\n'],
    ['a chunk size beyond 64 bits', ['transfer-encoding: chunked'], 'fffffffffffffffff\r\n{}\r\n0\r\n\r\n'],
    ['a chunk size that ends with a bare line feed', ['transfer-encoding: chunked'], '2\n{}\r\n0\r\n\r\n'],
  ])('gives a request with %s no second meaning', async (_what, headers, body) => {
    const hidden = request('GET /v2/health/live', '', [])
    const outer = request(`POST /v1/models/${MODEL}:predict`, body, headers)
    const answers = await rawExchange(node.port, Buffer.concat([outer, hidden]))
    // Who closes first may throw the answer away.
    expect([[], [400]], answers).toContainEqual(statusesIn(answers))
    expect(answers).not.toContain('live')
  })

  it('answers others while a hundred clients send theirs slowly or not at all', async () => {
    const slow = Array.from({ length: 100 }, (_, at) => {
      const socket = connect(node.port, '127.0.0.1')
      socket.on('error', () => undefined)
      const good = GOOD[at % GOOD.length] ?? Buffer.alloc(0)
      socket.write(good.subarray(0, random.integer(0, good.length - 1)))
      return socket
    })
    try {
      for (let at = 0; at < 20; at += 1) {
        expect((await predict(node.url, MODEL, { instances: [ROW] })).status).toBe(200)
        for (const socket of slow) if (!socket.destroyed) socket.write('1')
      }
    } finally {
      for (const socket of slow) socket.destroy()
    }
  })
})

describe(`gRPC, with seed ${seed}`, () => {
  it('answers messages that were good once, or refuses them as wrong', async () => {
    const bytes = ModelInferRequest.encode(goodCall()).finish()
    const raw = {
      encode: (message: Uint8Array) => ({ finish: () => message }),
      decode: (out: Uint8Array) => out,
    }
    await inParallel(400, async () => {
      const message = random.integer(0, 3) === 0 ? arbitraryBytes(random, 200) : mutated(random, bytes)
      const path = random.pick([INFER, INFER, '/tensorflow.serving.PredictionService/Predict', STATISTICS])
      const answer = await grpcCall(node.grpcPort, path, [raw, raw], new Uint8Array(message))
      const status = 'status' in answer ? answer.status : 'OK'
      const where = `${path} with ${Buffer.from(message).toString('hex')}: ${JSON.stringify(answer)}`
      expect(FAULTS, where).not.toContain(status)
    })
  })

  it('ends a connection that brings bytes without any sense', async () => {
    await inParallel(100, async () => {
      const bytes = arbitraryBytes(random, 400)
      const preface = random.integer(0, 1) === 0 ? [] : [PREFACE]
      await rawExchange(node.grpcPort, Buffer.concat([...preface, bytes]))
    })
  })

  it.each(FLOODS)('stands a flood of %s', async (_what, bytes) => {
    for (let at = 0; at < 3; at += 1) floods.push(await flood(node.grpcPort, bytes))
  })
})
