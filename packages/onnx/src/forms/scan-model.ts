import type { ByteSource } from '../structure/byte-source.ts'
import { notAModel } from '../structure/model-errors.ts'
import type { ByteRange } from '../structure/protobuf-cursor.ts'
import { readTensor as readFixedTensor, readNode, readSparseTensor } from '../structure/read-graph.ts'
import { DEFAULT_STRUCTURE_LIMITS } from '../structure/structure-limits.ts'
import { rangeOf, StructureReader } from '../structure/structure-reader.ts'
import { MOVED_BYTES_MIN } from './form-rules.ts'
import { type MovableTensor, readTensor } from './read-tensor.ts'

/** What of a model could move out of its graph, and what refers to other files and stays. */
export interface ScannedModel {
  readonly sizeBytes: number
  /** The whole graph field of the model, its key included, and its content. */
  readonly graphField: ByteRange
  readonly graph: ByteRange
  /** Large inline initializers and all external ones of the main graph, in the order of the file. */
  readonly tensors: readonly MovableTensor[]
  /** Files named by tensors that stay: those of nodes, subgraphs and functions. */
  readonly fixedLocations: ReadonlySet<string>
}

interface Found {
  readonly tensors: MovableTensor[]
  graphField: ByteRange | undefined
  graph: ByteRange | undefined
}

/**
 * Finds the initializers of a model file in bounded time and memory; weights are stepped over.
 *
 * @throws PlatformError `onnx.not_a_model`, `onnx.unsupported` for bytes that cannot be converted
 */
export function scanModel(source: ByteSource): ScannedModel {
  const reader = new StructureReader(source, DEFAULT_STRUCTURE_LIMITS)
  const found: Found = { tensors: [], graphField: undefined, graph: undefined }
  const cursor = reader.cursor({ start: 0, end: source.sizeBytes })
  for (let start = cursor.position; ; start = cursor.position) {
    const field = cursor.next()
    if (field === undefined) break
    if (field.number === 25) readFunctionNodes(reader, rangeOf(field))
    if (field.number !== 7) continue
    if (found.graph !== undefined) throw notAModel('it has its graph in pieces')
    found.graph = rangeOf(field)
    found.graphField = { start, end: cursor.position }
    scanGraph(reader, found.graph, found.tensors)
  }
  if (found.graph === undefined || found.graphField === undefined) throw notAModel('it has no graph')
  return {
    sizeBytes: source.sizeBytes,
    graphField: found.graphField,
    graph: found.graph,
    tensors: found.tensors,
    fixedLocations: reader.externalFiles,
  }
}

function scanGraph(reader: StructureReader, graph: ByteRange, tensors: MovableTensor[]): void {
  const cursor = reader.cursor(graph)
  for (let start = cursor.position; ; start = cursor.position) {
    const field = cursor.next()
    if (field === undefined) return
    if (field.number === 1) readNode(reader, rangeOf(field), 0)
    if (field.number === 15) readSparseTensor(reader, rangeOf(field))
    if (field.number !== 5) continue
    const tensor = readTensor(reader, { start, end: cursor.position }, rangeOf(field))
    if (tensor === undefined) readFixedTensor(reader, rangeOf(field))
    else if (tensor.data.kind === 'external' || tensor.sizeBytes >= MOVED_BYTES_MIN) tensors.push(tensor)
  }
}

function readFunctionNodes(reader: StructureReader, range: ByteRange): void {
  reader.eachField(range, (field) => {
    if (field.number === 7) readNode(reader, rangeOf(field), 0)
  })
}
