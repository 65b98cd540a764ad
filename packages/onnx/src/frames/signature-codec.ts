import { type Dimension, DTYPES, type Signature, type TensorSpec } from '@understudy/core'
import type { BodyReader } from './body-reader.ts'
import { type BodyWriter, textBytes } from './body-writer.ts'
import { frameInvalid } from './frame-error.ts'
import { readDType } from './tensor-codec.ts'

const FIXED = 0
const SYMBOLIC = 1

export function writeSignature(writer: BodyWriter, signature: Signature): void {
  for (const specs of [signature.inputs, signature.outputs]) {
    writer.u32(specs.length)
    for (const spec of specs) {
      writer.text(spec.name)
      writer.u8(DTYPES.indexOf(spec.dtype))
      writer.u8(spec.shape.length)
      for (const dimension of spec.shape) writeDimension(writer, dimension)
    }
  }
}

export function signatureBytes(signature: Signature): number {
  let sizeBytes = 8
  for (const spec of [...signature.inputs, ...signature.outputs]) {
    sizeBytes += textBytes(spec.name) + 2
    for (const dimension of spec.shape) {
      sizeBytes += 1 + (typeof dimension === 'number' ? 8 : textBytes(dimension))
    }
  }
  return sizeBytes
}

export function readSignature(reader: BodyReader): Signature {
  return { inputs: readSpecs(reader), outputs: readSpecs(reader) }
}

function writeDimension(writer: BodyWriter, dimension: Dimension): void {
  if (typeof dimension === 'number') {
    writer.u8(FIXED)
    writer.f64(dimension)
  } else {
    writer.u8(SYMBOLIC)
    writer.text(dimension)
  }
}

function readDimension(reader: BodyReader): Dimension {
  const kind = reader.u8()
  if (kind === SYMBOLIC) return reader.text()
  const size = reader.f64()
  if (kind !== FIXED || !Number.isSafeInteger(size) || size < 0) throw frameInvalid('a dimension is no size')
  return size
}

function readSpecs(reader: BodyReader): TensorSpec[] {
  const count = reader.u32()
  if (count > reader.limits.maxTensors) throw frameInvalid(`a signature has ${count} entries`)
  const specs: TensorSpec[] = []
  const names = new Set<string>()
  for (let i = 0; i < count; i++) {
    const name = reader.text()
    if (names.has(name)) throw frameInvalid('a signature holds one name twice')
    names.add(name)
    const dtype = readDType(reader)
    const rank = reader.u8()
    if (rank > reader.limits.maxRank) throw frameInvalid(`a signature has ${rank} dimensions`)
    const shape: Dimension[] = []
    for (let axis = 0; axis < rank; axis++) shape.push(readDimension(reader))
    specs.push({ name, dtype, shape })
  }
  return specs
}
