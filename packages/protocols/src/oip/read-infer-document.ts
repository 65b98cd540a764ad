import { type DType, elementCount, type TensorData } from '@understudy/core'
import { ByteCursor } from '../json/byte-cursor.ts'
import { JSON_SYNTAX, JsonSyntaxError } from '../json/json-syntax-error.ts'
import type { JsonValue } from '../json/json-value.ts'
import { readValue } from '../json/parse-json.ts'
import { readString } from '../json/read-string.ts'
import type { DeclaredInput, InferDocument, RequestedOutput } from './infer-request.ts'
import { JsonDataReader } from './json-data-reader.ts'
import { JSON_ACCESS, malformed, unableToParse } from './oip-error-texts.ts'
import {
  checkSource,
  existingInput,
  missing,
  readDatatype,
  readId,
  readOutputs,
  readSizes,
  TENSORS_MAX,
} from './read-members.ts'
import { readBinarySize, readRequestParameters } from './read-parameters.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const LIST_BEGIN = 0x5b
const LIST_END = 0x5d
const OBJECT_BEGIN = 0x7b
const OBJECT_END = 0x7d

const NO_FORM_PARAMETERS = { timeoutMs: undefined, isBinary: false }

/** Twice the same of these would leave it to the reader which one counts. */
const MEMBERS_ONCE: ReadonlySet<string> = new Set([
  ...['inputs', 'outputs', 'parameters', 'id', 'name', 'datatype', 'shape', 'data'],
])

/** Members of one input as far as they were read; `data` is read where it stands if type and shape are known by then. */
interface DraftInput {
  name: JsonValue | undefined
  dtype: DType | undefined
  shape: readonly number[] | undefined
  parameters: JsonValue | undefined
  data: TensorData | undefined
  dataAt: number
}

class DocumentReader {
  readonly #cursor: ByteCursor

  constructor(bytes: Uint8Array) {
    this.#cursor = new ByteCursor(bytes)
  }

  document(): InferDocument {
    const cursor = this.#cursor
    cursor.skipWhitespace()
    if (cursor.peek() === -1) cursor.fail(JSON_SYNTAX.documentEmpty)
    let inputs: readonly DeclaredInput[] | undefined
    let outputs: readonly RequestedOutput[] | undefined
    let parameters: JsonValue | undefined
    let id = ''
    if (cursor.peek() !== OBJECT_BEGIN) {
      readValue(cursor, 1)
      this.#end()
      throw malformed(JSON_ACCESS.object)
    }
    this.#members((key) => {
      if (key === 'inputs') inputs = this.#inputs()
      else if (key === 'outputs') outputs = readOutputs(readValue(cursor, 2))
      else if (key === 'parameters') parameters = readValue(cursor, 2)
      else if (key === 'id') id = readId(readValue(cursor, 2))
      else readValue(cursor, 2)
    })
    this.#end()
    if (inputs === undefined)
      throw unableToParse('inputs', "attempt to access non-existing object member 'inputs'")
    const { timeoutMs, isBinary } =
      parameters === undefined ? NO_FORM_PARAMETERS : readRequestParameters(parameters)
    return { inputs, form: { id, outputs, isBinary }, timeoutMs }
  }

  #end(): void {
    this.#cursor.skipWhitespace()
    if (this.#cursor.peek() !== -1) {
      this.#cursor.fail('The document root must not be followed by other values.')
    }
  }

  /** Calls for every member of the object at the cursor, which then has to be passed. A name that stands twice is refused. */
  #members(read: (key: string) => void): void {
    const cursor = this.#cursor
    const seen: string[] = []
    cursor.at += 1
    cursor.skipWhitespace()
    if (cursor.consume(OBJECT_END)) return
    for (;;) {
      if (cursor.peek() !== QUOTE) cursor.fail(JSON_SYNTAX.nameMissing)
      const key = readString(cursor)
      cursor.skipWhitespace()
      if (!cursor.consume(COLON)) cursor.fail(JSON_SYNTAX.colonMissing)
      cursor.skipWhitespace()
      if (MEMBERS_ONCE.has(key)) {
        if (seen.includes(key)) throw malformed(`member '${key}' stands twice in one object`)
        seen.push(key)
      }
      read(key)
      cursor.skipWhitespace()
      if (cursor.consume(COMMA)) cursor.skipWhitespace()
      else if (cursor.consume(OBJECT_END)) return
      else cursor.fail(JSON_SYNTAX.objectEndMissing)
    }
  }

  #inputs(): readonly DeclaredInput[] {
    const cursor = this.#cursor
    if (cursor.peek() !== LIST_BEGIN) {
      readValue(cursor, 2)
      throw unableToParse('inputs', JSON_ACCESS.array)
    }
    const inputs: DeclaredInput[] = []
    const names = new Set<string>()
    cursor.at += 1
    cursor.skipWhitespace()
    if (cursor.consume(LIST_END)) return inputs
    for (;;) {
      const input = this.#input()
      if (names.has(input.name)) throw existingInput(input.name)
      names.add(input.name)
      if (names.size > TENSORS_MAX) throw unableToParse('inputs', `more than ${TENSORS_MAX} of them`)
      inputs.push(input)
      cursor.skipWhitespace()
      if (cursor.consume(COMMA)) cursor.skipWhitespace()
      else if (cursor.consume(LIST_END)) return inputs
      else cursor.fail(JSON_SYNTAX.arrayEndMissing)
    }
  }

  #input(): DeclaredInput {
    const cursor = this.#cursor
    if (cursor.peek() !== OBJECT_BEGIN) {
      readValue(cursor, 3)
      throw unableToParse('inputs', JSON_ACCESS.object)
    }
    // Written out: a spread makes a hidden class each time.
    const draft: DraftInput = {
      name: undefined,
      dtype: undefined,
      shape: undefined,
      parameters: undefined,
      data: undefined,
      dataAt: -1,
    }
    this.#members((key) => this.#inputMember(key, draft))
    return this.#finish(draft)
  }

  #inputMember(key: string, draft: DraftInput): void {
    const cursor = this.#cursor
    switch (key) {
      case 'name':
        draft.name = readValue(cursor, 4)
        return
      case 'datatype':
        draft.dtype = readDatatype(readValue(cursor, 4), draft.name)
        return
      case 'shape':
        draft.shape = readSizes(readValue(cursor, 4))
        return
      case 'parameters':
        draft.parameters = readValue(cursor, 4)
        return
      case 'data':
        draft.dataAt = cursor.at
        if (draft.dtype === undefined || draft.shape === undefined) readValue(cursor, 4)
        else draft.data = this.#data(draft.dtype, draft.shape, draft.name)
        return
      default:
        readValue(cursor, 4)
    }
  }

  #data(dtype: DType, shape: readonly number[], name: JsonValue | undefined): TensorData {
    const elements = elementCount(shape)
    return new JsonDataReader(this.#cursor, { name: String(name ?? ''), dtype, elements }).read()
  }

  #finish({ name, dtype, shape, parameters, data, dataAt }: DraftInput): DeclaredInput {
    const binarySizeBytes = readBinarySize(parameters)
    checkSource(dataAt !== -1, binarySizeBytes !== undefined)
    if (typeof name !== 'string') throw missing('name', name, JSON_ACCESS.string)
    if (dtype === undefined) throw missing('datatype', undefined, JSON_ACCESS.string)
    if (shape === undefined) throw missing('shape', undefined, JSON_ACCESS.array)
    if (data === undefined && dataAt !== -1) {
      const cursor = this.#cursor
      const endAt = cursor.at
      cursor.at = dataAt
      const late = this.#data(dtype, shape, name)
      cursor.at = endAt
      return { name, dtype, shape, data: late, binarySizeBytes }
    }
    return { name, dtype, shape, data, binarySizeBytes }
  }
}

/**
 * Reads the JSON of an `infer` request, data of inputs included, in one pass.
 *
 * Time and memory are bounded by the number of bytes. Bare `NaN`, `Infinity` and `-Infinity` are accepted, as Triton does.
 * @throws PlatformError `request.malformed`, `request.unsupported`
 */
export function readInferDocument(bytes: Uint8Array): InferDocument {
  try {
    return new DocumentReader(bytes).document()
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw malformed(`failed to parse the request JSON buffer: ${error.reason} at ${error.offset}`)
  }
}
