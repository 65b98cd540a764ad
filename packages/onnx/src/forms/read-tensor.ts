import { notAModel } from '../structure/model-errors.ts'
import type { ByteRange, Field } from '../structure/protobuf-cursor.ts'
import { readEntry } from '../structure/read-graph.ts'
import { numberOf, rangeOf, type StructureReader } from '../structure/structure-reader.ts'
import { rawBytesOf } from './element-bits.ts'

/** Where the bytes of an initializer lie now. */
export type TensorData =
  | { readonly kind: 'inline'; readonly range: ByteRange }
  | {
      readonly kind: 'external'
      readonly location: string
      readonly offset: number
      readonly length: number | undefined
    }

/** An initializer that could move: its bytes, and everything else it says, which stays word for word. */
export interface MovableTensor {
  /** The whole field in the graph, its key included. */
  readonly field: ByteRange
  readonly kept: readonly ByteRange[]
  readonly data: TensorData
  readonly sizeBytes: number
}

const FLOAT = 1
const DOUBLE = 11
const MAX_RANK = 64

interface Draft {
  readonly dims: number[]
  readonly kept: ByteRange[]
  readonly payloads: { readonly number: number; readonly range: ByteRange }[]
  readonly entries: Map<string, string>
  dataType: number
  isExternal: boolean
  isOdd: boolean
}

/** Reads a `TensorProto`; undefined when its bytes are not simply raw and must stay. Payloads are stepped over. */
export function readTensor(
  reader: StructureReader,
  field: ByteRange,
  message: ByteRange,
): MovableTensor | undefined {
  const draft: Draft = {
    dims: [],
    kept: [],
    payloads: [],
    entries: new Map(),
    dataType: 0,
    isExternal: false,
    isOdd: false,
  }
  const cursor = reader.cursor(message)
  for (let start = cursor.position; ; start = cursor.position) {
    const next = cursor.next()
    if (next === undefined) break
    if (readField(reader, draft, next)) draft.kept.push({ start, end: cursor.position })
  }
  const sizeBytes = rawBytesOf(draft.dataType, draft.dims)
  if (draft.isOdd || sizeBytes === undefined) return undefined
  const data = draft.isExternal ? externalData(draft) : inlineData(draft, sizeBytes)
  return data === undefined ? undefined : { field, kept: draft.kept, data, sizeBytes }
}

/** True for a field that stays in the graph. */
function readField(reader: StructureReader, draft: Draft, field: Field): boolean {
  switch (field.number) {
    case 1:
      readDims(reader, draft, field)
      return true
    case 2:
      draft.dataType = numberOf(field)
      return true
    case 3:
    case 5:
    case 6:
    case 7:
    case 11:
      draft.isOdd = true
      return true
    case 4:
    case 9:
    case 10:
      // An element that is not packed is a field of its own: none of the bytes wanted here.
      if (field.kind === 'bytes') draft.payloads.push({ number: field.number, range: field.range })
      else draft.isOdd = true
      return false
    case 13: {
      const [key, value] = readEntry(reader, rangeOf(field))
      if (draft.entries.has(key)) draft.isOdd = true
      draft.entries.set(key, value)
      return false
    }
    case 14:
      draft.isExternal = numberOf(field) === 1
      return false
    default:
      return true
  }
}

function readDims(reader: StructureReader, draft: Draft, field: Field): void {
  if (field.kind === 'bytes') {
    const cursor = reader.cursor(field.range)
    while (cursor.position < field.range.end) draft.dims.push(toSize(cursor.varint()))
  } else {
    draft.dims.push(numberOf(field))
  }
  if (draft.dims.length > MAX_RANK) throw notAModel('an initializer has too many dimensions')
}

function toSize(value: bigint): number {
  return Number(BigInt.asIntN(64, value))
}

/** `float_data` and `double_data` are packed little-endian: the very bytes of `raw_data`. */
function inlineData({ dataType, payloads, entries }: Draft, sizeBytes: number): TensorData | undefined {
  const [payload, ...others] = payloads.filter(({ range }) => range.end > range.start)
  if (payload === undefined || others.length > 0 || entries.size > 0) return undefined
  if (payload.number === 4 && dataType !== FLOAT) return undefined
  if (payload.number === 10 && dataType !== DOUBLE) return undefined
  if (payload.range.end - payload.range.start !== sizeBytes) return undefined
  return { kind: 'inline', range: payload.range }
}

function externalData({ payloads, entries }: Draft): TensorData | undefined {
  const location = entries.get('location')
  const offset = wholeNumber(entries.get('offset') ?? '0')
  const length = entries.has('length') ? wholeNumber(entries.get('length') ?? '') : undefined
  if (location === undefined || offset === undefined || payloads.length > 0) return undefined
  if (entries.has('length') && length === undefined) return undefined
  return { kind: 'external', location, offset, length }
}

function wholeNumber(text: string): number | undefined {
  const value = Number(text)
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(value) ? value : undefined
}
