import type { Dimension } from '@understudy/core'
import { notAModel, unsupported } from './model-errors.ts'
import type { DeclaredValue } from './model-structure.ts'
import type { ByteRange } from './protobuf-cursor.ts'
import { numberOf, rangeOf, type StructureReader } from './structure-reader.ts'

type DeclaredType = Omit<DeclaredValue, 'name'>

const KIND_BY_FIELD: Readonly<Record<number, DeclaredValue['kind']>> = {
  4: 'sequence',
  5: 'map',
  8: 'sparseTensor',
  9: 'optional',
}

/** Reads a `ValueInfoProto`: the name and type of a graph input or output. */
export function readValueInfo(reader: StructureReader, range: ByteRange): DeclaredValue {
  let name = ''
  let type: DeclaredType = { kind: 'unknown', elementType: 0, shape: undefined }
  reader.eachField(range, (field) => {
    if (field.number === 1) name = reader.text(field)
    if (field.number === 2) type = readType(reader, rangeOf(field))
  })
  if (name === '') throw notAModel('an input or output has no name')
  return { name, ...type }
}

function readType(reader: StructureReader, range: ByteRange): DeclaredType {
  let type: DeclaredType = { kind: 'unknown', elementType: 0, shape: undefined }
  reader.eachField(range, (field) => {
    if (field.number === 1) type = readTensorType(reader, rangeOf(field))
    const kind = KIND_BY_FIELD[field.number]
    if (kind !== undefined) type = { kind, elementType: 0, shape: undefined }
  })
  return type
}

function readTensorType(reader: StructureReader, range: ByteRange): DeclaredType {
  let elementType = 0
  let shape: Dimension[] | undefined
  reader.eachField(range, (field) => {
    if (field.number === 1) elementType = numberOf(field)
    if (field.number === 2) shape = readShape(reader, rangeOf(field))
  })
  return { kind: 'tensor', elementType, shape }
}

function readShape(reader: StructureReader, range: ByteRange): Dimension[] {
  const shape: Dimension[] = []
  reader.eachField(range, (field) => {
    if (field.number !== 1) return
    if (shape.length === reader.limits.maxRank) {
      throw unsupported(`An input or output has more than ${reader.limits.maxRank} dimensions.`)
    }
    let dimension: Dimension = ''
    reader.eachField(rangeOf(field), (part) => {
      if (part.number === 1) dimension = numberOf(part)
      if (part.number === 2) dimension = reader.text(part)
    })
    shape.push(dimension)
  })
  return shape
}
