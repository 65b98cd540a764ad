import { BodyReader } from './body-reader.ts'
import {
  FAILURE_KINDS,
  FRAME_TYPE,
  type Frame,
  MODEL_FORMS,
  type ReplyFrame,
  type RequestFrame,
} from './frame.ts'
import { frameInvalid } from './frame-error.ts'
import type { FrameLimits } from './frame-limits.ts'
import type { RawFrame } from './frame-splitter.ts'
import { readSignature } from './signature-codec.ts'
import { readTensors } from './tensor-codec.ts'

/**
 * Reads what the parent asks, from any bytes whatever.
 *
 * @throws PlatformError `onnx.frame_invalid`; nothing else
 */
export function decodeRequest(raw: RawFrame, limits: FrameLimits): RequestFrame {
  return decode(raw, limits, requestBody)
}

/**
 * Reads what an executor says, which may be in the hands of its model: any bytes whatever.
 *
 * @throws PlatformError `onnx.frame_invalid`; nothing else
 */
export function decodeReply(raw: RawFrame, limits: FrameLimits): ReplyFrame {
  return decode(raw, limits, replyBody)
}

function decode<F extends Frame>(
  raw: RawFrame,
  limits: FrameLimits,
  body: (raw: RawFrame, reader: BodyReader) => F,
): F {
  const reader = new BodyReader(raw, limits)
  const frame = body(raw, reader)
  reader.end()
  return frame
}

function requestBody({ type, id }: RawFrame, reader: BodyReader): RequestFrame {
  switch (type) {
    case FRAME_TYPE.load: {
      const limitMs = reader.u32()
      const intraOpThreads = reader.u32()
      const form = MODEL_FORMS[reader.u32()]
      if (form === undefined) throw frameInvalid('it asks for an unknown form')
      return { type: 'load', id, limitMs, intraOpThreads, form, path: reader.text() }
    }
    case FRAME_TYPE.run: {
      const limitMs = reader.u32()
      const model = reader.u32()
      return { type: 'run', id, limitMs, model, tensors: readTensors(reader) }
    }
    case FRAME_TYPE.unload:
      return { type: 'unload', id, model: reader.u32() }
    case FRAME_TYPE.limit: {
      const memoryLimitBytes = reader.f64()
      if (!Number.isSafeInteger(memoryLimitBytes) || memoryLimitBytes < 0) {
        throw frameInvalid('a memory limit is no size')
      }
      return { type: 'limit', id, memoryLimitBytes }
    }
    case FRAME_TYPE.ping:
      return { type: 'ping', id }
    default:
      throw frameInvalid(`type ${type} is no request`)
  }
}

function replyBody({ type, id }: RawFrame, reader: BodyReader): ReplyFrame {
  switch (type) {
    case FRAME_TYPE.ready: {
      const uid = reader.u32()
      return { type: 'ready', id, uid, gid: reader.u32() }
    }
    case FRAME_TYPE.loaded: {
      const tookMs = duration(reader)
      const model = reader.u32()
      return { type: 'loaded', id, tookMs, model, signature: readSignature(reader) }
    }
    case FRAME_TYPE.ran: {
      const tookMs = duration(reader)
      return { type: 'ran', id, tookMs, tensors: readTensors(reader) }
    }
    case FRAME_TYPE.done:
      return { type: 'done', id }
    case FRAME_TYPE.failed: {
      const kind = FAILURE_KINDS[reader.u32()]
      if (kind === undefined) throw frameInvalid('it reports an unknown kind of failure')
      return { type: 'failed', id, kind, message: reader.text() }
    }
    default:
      throw frameInvalid(`type ${type} is no reply`)
  }
}

function duration(reader: BodyReader): number {
  const ms = reader.f64()
  if (!Number.isFinite(ms) || ms < 0) throw frameInvalid('a duration is no time')
  return ms
}
