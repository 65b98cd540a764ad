import { notAModel } from './model-errors.ts'
import type { ModelStructure } from './model-structure.ts'
import type { ByteRange } from './protobuf-cursor.ts'
import { emptyGraph, readGraph, readNode } from './read-graph.ts'
import { numberOf, rangeOf, type StructureReader } from './structure-reader.ts'

interface ReadHeader {
  irVersion: number
  producerName: string
  producerVersion: string
  hasGraph: boolean
  readonly opsets: { readonly domain: string; readonly version: number }[]
  readonly functions: string[]
}

/** Reads a `ModelProto` and everything below it. Whether it can be served is decided elsewhere. */
export function readModel(reader: StructureReader, sizeBytes: number): ModelStructure {
  const graph = emptyGraph()
  const header: ReadHeader = {
    irVersion: 0,
    producerName: '',
    producerVersion: '',
    hasGraph: false,
    opsets: [],
    functions: [],
  }
  reader.eachField({ start: 0, end: sizeBytes }, (field) => {
    switch (field.number) {
      case 1:
        header.irVersion = numberOf(field)
        break
      case 2:
        header.producerName = reader.text(field)
        break
      case 3:
        header.producerVersion = reader.text(field)
        break
      case 7:
        header.hasGraph = true
        readGraph(reader, rangeOf(field), graph)
        break
      case 8:
        header.opsets.push(readOpset(reader, rangeOf(field)))
        break
      case 25:
        header.functions.push(readFunction(reader, rangeOf(field)))
        break
    }
  })
  return assemble(reader, header, graph)
}

function assemble(
  reader: StructureReader,
  { hasGraph, ...header }: ReadHeader,
  graph: ReturnType<typeof emptyGraph>,
): ModelStructure {
  if (!hasGraph) throw notAModel('it has no graph')
  if (header.irVersion < 1) throw notAModel('it has no IR version')
  if (graph.outputs.length === 0) throw notAModel('its graph has no outputs')
  const initialized = new Set(graph.initializerNames)
  return {
    ...header,
    inputs: graph.inputs.filter((input) => !initialized.has(input.name)),
    outputs: graph.outputs,
    initializerNames: graph.initializerNames,
    externalFiles: [...reader.externalFiles],
    operators: [...reader.operatorCounts].map(([key, count]) => ({ ...splitKey(key), count })),
  }
}

function splitKey(key: string): { domain: string; operator: string } {
  const colon = key.lastIndexOf(':')
  return { domain: key.slice(0, colon), operator: key.slice(colon + 1) }
}

function readOpset(reader: StructureReader, range: ByteRange): { domain: string; version: number } {
  let domain = ''
  let version = 0
  reader.eachField(range, (field) => {
    if (field.number === 1) domain = reader.text(field)
    if (field.number === 2) version = numberOf(field)
  })
  return { domain, version }
}

function readFunction(reader: StructureReader, range: ByteRange): string {
  let name = ''
  let domain = ''
  reader.eachField(range, (field) => {
    if (field.number === 1) name = reader.text(field)
    if (field.number === 7) readNode(reader, rangeOf(field), 0)
    if (field.number === 10) domain = reader.text(field)
  })
  return `${domain}:${name}`
}
