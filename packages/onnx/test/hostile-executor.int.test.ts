import { isPlatformError } from '@understudy/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeFrame } from '../src/frames/encode-frame.ts'
import { type Frame, HEADER_BYTES } from '../src/frames/frame.ts'
import { DEFAULT_FRAME_LIMITS } from '../src/frames/frame-limits.ts'
import { ExecutorClient } from '../src/process/executor-client.ts'
import { DEFAULT_MAX_RESPONSE_BYTES } from '../src/process/executor-options.ts'
import { ModelFolder } from './support/model-folder.ts'

// What an executor could be that its model has taken over: it runs other code and says what it likes.

const READY: Frame = { type: 'ready', id: 0, uid: 1, gid: 1 }
const GARBAGE = Buffer.alloc(64, 0xee)

let folder: ModelFolder

beforeAll(async () => {
  folder = await ModelFolder.create()
})
afterAll(() => folder.remove())

function bytes(frame: Frame): Uint8Array {
  return encodeFrame(frame, DEFAULT_FRAME_LIMITS)
}

/** The header of an answer of so many bytes. */
function announcing(sizeBytes: number): Uint8Array {
  const header = Buffer.from(
    bytes({ type: 'ran', id: 1, tookMs: 1, tensors: new Map() }).subarray(0, HEADER_BYTES),
  )
  header.writeUInt32LE(sizeBytes, HEADER_BYTES - 4)
  return header
}

/** An executor that first says one thing and, when it is asked anything, another. */
async function startImpostor(first: Uint8Array, then: Uint8Array): Promise<ExecutorClient> {
  return await startScript(`
    import net from 'node:net'
    const socket = new net.Socket({ fd: 3 })
    socket.write(Buffer.from('${Buffer.from(first).toString('base64')}', 'base64'))
    socket.on('data', () => socket.write(Buffer.from('${Buffer.from(then).toString('base64')}', 'base64')))
  `)
}

async function startScript(script: string, startTimeoutMs = 10_000): Promise<ExecutorClient> {
  return ExecutorClient.start({ entry: await folder.write('impostor.mjs', script), startTimeoutMs })
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'answered',
    (error) => (isPlatformError(error) ? error.code : String(error)),
  )
}

it.skipIf(process.platform !== 'linux')(
  'an executor that a signal stops while it starts is ended long before its time to start is over',
  async () => {
    const start = startScript("process.kill(process.pid, 'SIGSTOP')", 600_000)
    await expect(start).rejects.toMatchObject({
      code: 'onnx.executor_unavailable',
      message: expect.stringContaining('a signal has stopped it'),
    })
  },
)

describe('an executor that breaks the protocol', () => {
  it.each<[string, Uint8Array]>([
    ['garbage', GARBAGE],
    ['an answer to what was not asked', bytes({ type: 'done', id: 77 })],
    [
      'an answer of another kind',
      bytes({ type: 'loaded', id: 1, model: 1, tookMs: 1, signature: { inputs: [], outputs: [] } }),
    ],
    [
      'the answer twice',
      Buffer.concat([
        bytes({ type: 'failed', id: 1, kind: 'run', message: '' }),
        bytes({ type: 'done', id: 1 }),
      ]),
    ],
    ['a request', bytes({ type: 'ping', id: 1 })],
    ['more than an answer may have', announcing(DEFAULT_MAX_RESPONSE_BYTES + 8 * 2 ** 20)],
  ])('with %s is ended, and every call to it settles', async (_what, answer) => {
    const client = await startImpostor(bytes(READY), answer)
    const codes = await Promise.all([
      codeOf(client.run(1, new Map(), 60_000)),
      codeOf(client.run(1, new Map(), 60_000)),
    ])
    expect(
      codes.every((code) => /^onnx\.(frame_invalid|run_failed)$|^serving\.executor_lost$/.test(code)),
    ).toBe(true)
    expect(codes).toContain('onnx.frame_invalid')
    expect(await client.exited).toMatchObject({ signal: 'SIGKILL' })
  })

  it('from its first word is not taken for one', async () => {
    expect(await codeOf(startImpostor(GARBAGE, GARBAGE))).toBe('onnx.executor_unavailable')
  })

  it('with silence is ended by the parent when its watchdog does not act', async () => {
    const client = await startImpostor(bytes(READY), new Uint8Array(0))
    expect(await codeOf(client.run(1, new Map(), 100))).toBe('serving.run_timeout')
    expect(await client.exited).toMatchObject({ signal: 'SIGKILL' })
  })
})
