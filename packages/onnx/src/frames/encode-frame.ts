import { BodyWriter } from './body-writer.ts'
import { FAILURE_KINDS, FRAME_MAGIC, FRAME_TYPE, type Frame, HEADER_BYTES, padded } from './frame.ts'
import { frameInvalid } from './frame-error.ts'
import type { FrameLimits } from './frame-limits.ts'
import { writeSignature } from './signature-codec.ts'
import { writeTensors } from './tensor-codec.ts'

/**
 * The bytes of one frame: its header, its body, and zeros up to the alignment.
 *
 * @throws PlatformError `onnx.frame_invalid` when the frame would be larger than the limit
 */
export function encodeFrame(frame: Frame, limits: FrameLimits): Uint8Array {
  const measure = new BodyWriter()
  writeBody(measure, frame)
  const bodyBytes = padded(measure.sizeBytes)
  const frameBytes = HEADER_BYTES + bodyBytes
  if (frameBytes > limits.maxFrameBytes) {
    throw frameInvalid(`it would have ${frameBytes} bytes; at most ${limits.maxFrameBytes} are allowed`)
  }
  const bytes = Buffer.allocUnsafe(frameBytes)
  const writer = new BodyWriter({ bytes, from: 0 })
  writer.u32(FRAME_MAGIC)
  writer.u32(FRAME_TYPE[frame.type])
  writer.u32(frame.id)
  writer.u32(bodyBytes)
  writeBody(writer, frame)
  writer.align()
  return bytes
}

function writeBody(writer: BodyWriter, frame: Frame): void {
  switch (frame.type) {
    case 'load':
      writer.u32(frame.limitMs)
      writer.u32(frame.intraOpThreads)
      writer.text(frame.path)
      break
    case 'run':
      writer.u32(frame.limitMs)
      writeTensors(writer, frame.tensors)
      break
    case 'ready':
      writer.u32(frame.uid)
      writer.u32(frame.gid)
      break
    case 'loaded':
      writer.f64(frame.tookMs)
      writeSignature(writer, frame.signature)
      break
    case 'ran':
      writer.f64(frame.tookMs)
      writeTensors(writer, frame.tensors)
      break
    case 'failed':
      writer.u32(FAILURE_KINDS.indexOf(frame.kind))
      writer.text(frame.message)
      break
    case 'unload':
    case 'ping':
    case 'done':
      break
  }
}
