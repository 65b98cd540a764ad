import type { ByteRange } from '../structure/protobuf-cursor.ts'
import type { ConversionDecision, Relocation } from './decide-conversion.ts'
import type { ScannedModel } from './scan-model.ts'

/** A piece of the converted model: bytes of the original, or new ones. */
export type GraphPart = ByteRange | Uint8Array

type Conversion = Extract<ConversionDecision, { kind: 'converted' }>

/** The converted model as pieces in order: the original word for word, except for the initializers that moved. Pure. */
export function graphParts(model: ScannedModel, conversion: Conversion): readonly GraphPart[] {
  const graph: GraphPart[] = []
  let copied = model.graph.start
  for (const relocation of conversion.relocations) {
    const { field } = relocation.tensor
    graph.push({ start: copied, end: field.start }, ...initializer(relocation, conversion.weightsName))
    copied = field.end
  }
  graph.push({ start: copied, end: model.graph.end })
  return [
    { start: 0, end: model.graphField.start },
    key(7),
    varint(sizeOf(graph)),
    ...graph,
    { start: model.graphField.end, end: model.sizeBytes },
  ]
}

/** Bytes of all pieces together. */
export function sizeOf(parts: readonly GraphPart[]): number {
  return parts.reduce(
    (sum, part) => sum + (part instanceof Uint8Array ? part.byteLength : part.end - part.start),
    0,
  )
}

function initializer({ tensor, targetOffset }: Relocation, weightsName: string): readonly GraphPart[] {
  const content: GraphPart[] = [
    ...tensor.kept,
    entry('location', weightsName),
    entry('offset', String(targetOffset)),
    entry('length', String(tensor.sizeBytes)),
    Uint8Array.of((14 << 3) | 0, 1),
  ]
  return [key(5), varint(sizeOf(content)), ...content]
}

/** One `external_data` of a `TensorProto`. */
function entry(name: string, value: string): Uint8Array {
  return delimited(13, Buffer.concat([delimited(1, Buffer.from(name)), delimited(2, Buffer.from(value))]))
}

function delimited(field: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([key(field), varint(bytes.byteLength), bytes])
}

/** Of a length-delimited field numbered below 16. */
function key(field: number): Uint8Array {
  return Uint8Array.of((field << 3) | 2)
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Uint8Array.from([...bytes, rest])
}
