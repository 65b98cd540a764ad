import { unsupported } from './model-errors.ts'
import type { DeclaredValue } from './model-structure.ts'
import type { ByteRange } from './protobuf-cursor.ts'
import { readValueInfo } from './read-value-info.ts'
import { numberOf, rangeOf, type StructureReader } from './structure-reader.ts'

const DATA_LOCATION_EXTERNAL = 1

export interface ReadGraph {
  readonly inputs: DeclaredValue[]
  readonly outputs: DeclaredValue[]
  readonly initializerNames: string[]
  nodes: number
}

export function emptyGraph(): ReadGraph {
  return { inputs: [], outputs: [], initializerNames: [], nodes: 0 }
}

/** Reads a `GraphProto` into `graph`; operators and external files of it and its subgraphs go to the reader. */
export function readGraph(reader: StructureReader, range: ByteRange, graph: ReadGraph, depth = 0): void {
  const { maxGraphDepth, maxInputs, maxOutputs } = reader.limits
  if (depth > maxGraphDepth) throw unsupported(`The model nests graphs deeper than ${maxGraphDepth} levels.`)
  reader.eachField(range, (field) => {
    switch (field.number) {
      case 1:
        graph.nodes += 1
        readNode(reader, rangeOf(field), depth)
        break
      case 5:
        graph.initializerNames.push(readTensor(reader, rangeOf(field)))
        break
      case 11:
        graph.inputs.push(readValueInfo(reader, rangeOf(field)))
        break
      case 12:
        graph.outputs.push(readValueInfo(reader, rangeOf(field)))
        break
      case 15:
        graph.initializerNames.push(readSparseTensor(reader, rangeOf(field)))
        break
    }
  })
  // Older models list every initializer as an input too, so the count allowed is that of both.
  if (graph.inputs.length > maxInputs + graph.initializerNames.length) {
    throw unsupported(`The model has more than ${maxInputs} inputs.`)
  }
  if (graph.outputs.length > maxOutputs) throw unsupported(`The model has more than ${maxOutputs} outputs.`)
}

/** Reads a `NodeProto`: counts its operator and goes into its attributes. */
export function readNode(reader: StructureReader, range: ByteRange, depth: number): void {
  let operator = ''
  let domain = ''
  reader.eachField(range, (field) => {
    if (field.number === 4) operator = reader.text(field)
    if (field.number === 5) readAttribute(reader, rangeOf(field), depth)
    if (field.number === 7) domain = reader.text(field)
  })
  reader.countOperator(domain, operator)
}

function readAttribute(reader: StructureReader, range: ByteRange, depth: number): void {
  reader.eachField(range, (field) => {
    switch (field.number) {
      case 5:
      case 10:
        readTensor(reader, rangeOf(field))
        break
      case 6:
      case 11:
        readGraph(reader, rangeOf(field), emptyGraph(), depth + 1)
        break
      case 22:
      case 23:
        readSparseTensor(reader, rangeOf(field))
        break
    }
  })
}

/** Reads the name of a `TensorProto` and notes where its bytes lie. Its payload is stepped over. */
export function readTensor(reader: StructureReader, range: ByteRange): string {
  let name = ''
  let isExternal = false
  let location: string | undefined
  reader.eachField(range, (field) => {
    if (field.number === 8) name = reader.text(field)
    if (field.number === 14) isExternal = numberOf(field) === DATA_LOCATION_EXTERNAL
    if (field.number === 13) {
      isExternal = true
      const [key, value] = readEntry(reader, rangeOf(field))
      if (key === 'location') location = value
    }
  })
  if (isExternal) {
    if (location === undefined)
      throw unsupported(`Initializer "${name}" lies in a file that it does not name.`)
    reader.externalFiles.add(location)
  }
  return name
}

/** Notes where the bytes of a `SparseTensorProto` lie. */
export function readSparseTensor(reader: StructureReader, range: ByteRange): string {
  let name = ''
  reader.eachField(range, (field) => {
    if (field.number === 1) name = readTensor(reader, rangeOf(field))
    if (field.number === 2) readTensor(reader, rangeOf(field))
  })
  return name
}

/** Reads a `StringStringEntryProto`. */
export function readEntry(reader: StructureReader, range: ByteRange): readonly [key: string, value: string] {
  let key = ''
  let value = ''
  reader.eachField(range, (field) => {
    if (field.number === 1) key = reader.text(field)
    if (field.number === 2) value = reader.text(field)
  })
  return [key, value]
}
