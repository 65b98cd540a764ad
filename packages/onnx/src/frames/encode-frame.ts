import { BodyWriter, textBytes } from './body-writer.ts'
import {
  FAILURE_KINDS,
  FRAME_MAGIC,
  FRAME_TYPE,
  type Frame,
  HEADER_BYTES,
  MODEL_FORMS,
  padded,
} from './frame.ts'
import { frameInvalid } from './frame-error.ts'
import type { FrameLimits } from './frame-limits.ts'
import { signatureBytes, writeSignature } from './signature-codec.ts'
import { tensorsBytes, writeTensors } from './tensor-codec.ts'

/**
 * The bytes of one frame: its header, its body, and zeros up to the alignment. One allocation, of the right size.
 *
 * @param allocate gives memory of exactly so many bytes, whatever is in them
 * @throws PlatformError `onnx.frame_invalid` when the frame would be larger than the limit
 */
export function encodeFrame(
  frame: Frame,
  limits: FrameLimits,
  allocate: (sizeBytes: number) => Uint8Array = Buffer.allocUnsafe,
): Uint8Array {
  const bodyBytes = padded(sizeOfBody(frame))
  const frameBytes = HEADER_BYTES + bodyBytes
  if (frameBytes > limits.maxFrameBytes) {
    throw frameInvalid(`it would have ${frameBytes} bytes; at most ${limits.maxFrameBytes} are allowed`)
  }
  const bytes = allocate(frameBytes)
  const writer = new BodyWriter(bytes)
  writer.u32(FRAME_MAGIC)
  writer.u32(FRAME_TYPE[frame.type])
  writer.u32(frame.id)
  writer.u32(bodyBytes)
  writeBody(writer, frame)
  writer.align()
  return bytes
}

function sizeOfBody(frame: Frame): number {
  switch (frame.type) {
    case 'run':
      return 8 + tensorsBytes(frame.tensors, 8)
    case 'ran':
      return 8 + tensorsBytes(frame.tensors, 8)
    case 'load':
      return 12 + textBytes(frame.path)
    case 'loaded':
      return 12 + signatureBytes(frame.signature)
    case 'failed':
      return 4 + textBytes(frame.message)
    case 'ready':
    case 'limit':
      return 8
    case 'unload':
      return 4
    case 'ping':
    case 'done':
      return 0
  }
}

function writeBody(writer: BodyWriter, frame: Frame): void {
  switch (frame.type) {
    case 'run':
      writer.u32(frame.limitMs)
      writer.u32(frame.model)
      writeTensors(writer, frame.tensors)
      break
    case 'ran':
      writer.f64(frame.tookMs)
      writeTensors(writer, frame.tensors)
      break
    case 'load':
      writer.u32(frame.limitMs)
      writer.u32(frame.intraOpThreads)
      writer.u32(MODEL_FORMS.indexOf(frame.form))
      writer.text(frame.path)
      break
    case 'loaded':
      writer.f64(frame.tookMs)
      writer.u32(frame.model)
      writeSignature(writer, frame.signature)
      break
    case 'failed':
      writer.u32(FAILURE_KINDS.indexOf(frame.kind))
      writer.text(frame.message)
      break
    case 'ready':
      writer.u32(frame.uid)
      writer.u32(frame.gid)
      break
    case 'limit':
      writer.f64(frame.memoryLimitBytes)
      break
    case 'unload':
      writer.u32(frame.model)
      break
    case 'ping':
    case 'done':
      break
  }
}
