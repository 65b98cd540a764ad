import {
  BYTES_PER_ELEMENT,
  DTYPES,
  type DType,
  elementCount,
  isPlatformError,
  type Tensor,
} from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeReply, decodeRequest } from './decode-frame.ts'
import { encodeFrame } from './encode-frame.ts'
import { FRAME_MAGIC, FRAME_TYPE, type Frame, HEADER_BYTES } from './frame.ts'
import { DEFAULT_FRAME_LIMITS } from './frame-limits.ts'
import { FrameSplitter } from './frame-splitter.ts'

const limits = { ...DEFAULT_FRAME_LIMITS, maxFrameBytes: 1 << 20 }

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return isPlatformError(error) ? error.code : `not a PlatformError: ${String(error)}`
  }
}

const arbitraryShape = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 })

/** Numeric data from any bytes, so that NaNs with payload and every bit pattern occur. */
function numericTensor(dtype: Exclude<DType, 'string'>, shape: number[], seed: Uint8Array): Tensor {
  const bytes = new Uint8Array(elementCount(shape) * BYTES_PER_ELEMENT[dtype]).map(
    (_, i) => seed[i % seed.length] ?? 0,
  )
  const constructors = {
    float32: Float32Array,
    float64: Float64Array,
    float16: Uint16Array,
    int8: Int8Array,
    int16: Int16Array,
    int32: Int32Array,
    int64: BigInt64Array,
    uint8: Uint8Array,
    uint16: Uint16Array,
    uint32: Uint32Array,
    uint64: BigUint64Array,
    bool: Uint8Array,
  }
  return { dtype, shape, data: new constructors[dtype](bytes.buffer) }
}

const arbitraryTensor: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.constantFrom(...DTYPES),
    arbitraryShape,
    fc.uint8Array({ minLength: 1, maxLength: 64 }),
    fc.array(fc.string({ unit: 'grapheme' }), { minLength: 81, maxLength: 81 }),
  )
  .map(([dtype, shape, seed, texts]) =>
    dtype === 'string'
      ? { dtype, shape, data: texts.slice(0, elementCount(shape)) }
      : numericTensor(dtype, shape, seed),
  )

const arbitraryTensors = fc
  .uniqueArray(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 12 }), arbitraryTensor), {
    selector: ([name]) => name,
    maxLength: 4,
  })
  .map((entries) => new Map(entries))

function bitsOf(tensor: Tensor): unknown {
  if (tensor.dtype === 'string') return [tensor.dtype, tensor.shape, tensor.data]
  const { buffer, byteOffset, byteLength } = tensor.data as Uint8Array
  return [tensor.dtype, tensor.shape, [...new Uint8Array(buffer, byteOffset, byteLength)]]
}

/** Cuts the bytes at these places, as a socket might. */
function inChunks(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, i) => Uint8Array.from(bytes.subarray(places[i], end)))
}

describe('frames', () => {
  it('carry tensors of every type bit by bit, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryTensors, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(10_000), { maxLength: 6 }),
        (batches, cuts) => {
          const frames = batches.map(
            (tensors, i): Frame => ({ type: 'run', id: i + 1, model: 3, limitMs: 250, tensors }),
          )
          const stream = Buffer.concat(frames.map((frame) => encodeFrame(frame, limits)))
          const splitter = new FrameSplitter(limits)
          const raws = inChunks(stream, cuts).flatMap((chunk) => splitter.push(chunk))
          const decoded = raws.map((raw) => decodeRequest(raw, limits))
          expect(decoded.map(({ id }) => id)).toEqual(frames.map(({ id }) => id))
          decoded.forEach((request, i) => {
            if (request.type !== 'run') throw new Error(`got ${request.type}`)
            expect(request).toMatchObject({ limitMs: 250, model: 3 })
            const sent = [...(batches[i] ?? [])].map(([name, tensor]) => [name, bitsOf(tensor)])
            expect([...request.tensors].map(([name, tensor]) => [name, bitsOf(tensor)])).toEqual(sent)
          })
        },
      ),
    )
  })

  it.each<Frame>([
    { type: 'load', id: 7, path: '/models/größe.onnx', form: 'mapped', intraOpThreads: 2, limitMs: 60_000 },
    { type: 'unload', id: 8, model: 0xffff_ffff },
    { type: 'limit', id: 9, memoryLimitBytes: 2 ** 40 + 1 },
    { type: 'ping', id: 0xffff_ffff },
  ])('carry the request $type', (frame) => {
    const [raw] = new FrameSplitter(limits).push(encodeFrame(frame, limits))
    expect(raw && decodeRequest(raw, limits)).toEqual(frame)
  })

  it.each<Frame>([
    { type: 'ready', id: 0, uid: 64_042, gid: 1 },
    {
      type: 'loaded',
      id: 1,
      model: 2,
      tookMs: 12.5,
      signature: {
        inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 4] }],
        outputs: [
          { name: 'label', dtype: 'string', shape: [''] },
          { name: 'scalar', dtype: 'int64', shape: [] },
        ],
      },
    },
    { type: 'done', id: 2 },
    { type: 'failed', id: 3, kind: 'memory', message: 'bad_alloc' },
  ])('carry the reply $type', (frame) => {
    const [raw] = new FrameSplitter(limits).push(encodeFrame(frame, limits))
    expect(raw && decodeReply(raw, limits)).toEqual(frame)
  })

  it('take one allocation of the right size, whatever they hold', () => {
    fc.assert(
      fc.property(arbitraryTensors, (tensors) => {
        const bytes = encodeFrame({ type: 'ran', id: 1, tookMs: 1, tensors }, limits)
        const [raw] = new FrameSplitter(limits).push(bytes)
        expect(raw?.end).toBe(bytes.byteLength)
        expect(raw && decodeReply(raw, limits)).toMatchObject({ type: 'ran' })
      }),
    )
  })

  it('gives numbers as views of the frame, without a copy', () => {
    const tensors = new Map([['x', numericTensor('float64', [2], Uint8Array.of(1, 2, 3))]])
    const bytes = encodeFrame({ type: 'run', id: 1, model: 1, limitMs: 1, tensors }, limits)
    const [raw] = new FrameSplitter(limits).push(bytes)
    const request = raw && decodeRequest(raw, limits)
    const data = request?.type === 'run' ? (request.tensors.get('x')?.data as Float64Array) : undefined
    expect(data?.buffer).toBe(bytes.buffer)
  })
})

describe('hostile bytes', () => {
  function header(type: number, bodyBytes: number, magic = FRAME_MAGIC): Uint8Array {
    const bytes = Buffer.alloc(HEADER_BYTES)
    for (const [i, value] of [magic, type, 1, bodyBytes].entries()) bytes.writeUInt32LE(value, i * 4)
    return bytes
  }

  it('end in onnx.frame_invalid or a valid frame, never in anything else', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(FRAME_TYPE), 99),
        fc.uint8Array({ maxLength: 200 }),
        (type, body) => {
          const padded = Buffer.concat([body, Buffer.alloc((8 - (body.length % 8)) % 8)])
          const [raw] = new FrameSplitter(limits).push(Buffer.concat([header(type, padded.length), padded]))
          if (!raw) throw new Error('no frame')
          expect([undefined, 'onnx.frame_invalid']).toContain(codeOf(() => decodeRequest(raw, limits)))
          expect([undefined, 'onnx.frame_invalid']).toContain(codeOf(() => decodeReply(raw, limits)))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('end in onnx.frame_invalid or a valid frame when a good frame is damaged', () => {
    fc.assert(
      fc.property(arbitraryTensors, fc.nat(), fc.integer({ min: 1, max: 255 }), (tensors, place, flip) => {
        const bytes = Uint8Array.from(encodeFrame({ type: 'ran', id: 1, tookMs: 1, tensors }, limits))
        const at = place % bytes.length
        bytes[at] = (bytes[at] ?? 0) ^ flip
        const decodeAll = () => new FrameSplitter(limits).push(bytes).map((raw) => decodeReply(raw, limits))
        expect([undefined, 'onnx.frame_invalid']).toContain(codeOf(decodeAll))
      }),
      { numRuns: 1_000 },
    )
  })

  it('are refused at the header when they announce more than a frame may have', () => {
    expect(codeOf(() => new FrameSplitter(limits).push(header(FRAME_TYPE.ran, 0xffff_fff8)))).toBe(
      'onnx.frame_invalid',
    )
  })

  it('are refused without the magic number', () => {
    expect(codeOf(() => new FrameSplitter(limits).push(header(FRAME_TYPE.ran, 0, 0x1234)))).toBe(
      'onnx.frame_invalid',
    )
  })

  it('never make a body be read beyond its own end', () => {
    const one = encodeFrame({ type: 'failed', id: 1, kind: 'run', message: 'short' }, limits)
    const two = encodeFrame({ type: 'failed', id: 2, kind: 'run', message: 'a secret of another' }, limits)
    const stream = Buffer.concat([one, two])
    stream.writeUInt32LE(30, HEADER_BYTES + 4) // the first text claims to reach into the second frame
    const [raw] = new FrameSplitter(limits).push(stream)
    expect(codeOf(() => raw && decodeReply(raw, limits))).toBe('onnx.frame_invalid')
  })

  it('cannot make a tensor larger than the frame that brings it', () => {
    const bytes = Buffer.alloc(32)
    bytes.writeUInt32LE(1, 8) // limitMs and model are 0; one tensor
    bytes.writeUInt8(DTYPES.indexOf('string'), 16) // after a name of length 0
    bytes.writeUInt8(1, 17)
    bytes.writeUInt32LE(0xffff_ffff, 18)
    const raw = { type: FRAME_TYPE.run, id: 1, bytes, start: 0, end: 32 }
    expect(codeOf(() => decodeRequest(raw, limits))).toBe('onnx.frame_invalid')
  })

  it('a frame over the limit is not sent either', () => {
    const tensors = new Map([['x', numericTensor('float32', [1 << 19], Uint8Array.of(0))]])
    expect(codeOf(() => encodeFrame({ type: 'run', id: 1, model: 1, limitMs: 1, tensors }, limits))).toBe(
      'onnx.frame_invalid',
    )
  })
})
