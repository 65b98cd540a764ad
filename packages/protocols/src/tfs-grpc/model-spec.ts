import { PlatformError, type VersionSelector } from '@understudy/core'
import { WIRE_TYPE, type WireReader } from '../grpc/wire-reader.ts'
import type { WireWriter } from '../grpc/wire-writer.ts'
import { malformed } from '../tfs/element-errors.ts'
import { DEFAULT_SIGNATURE } from '../tfs/signature-defs.ts'

const FIELD = { name: 1, version: 2, signature: 3, label: 4 } as const
const VALUE = 1

/** Which model, version and signature a message is about. */
export interface ModelSpec {
  readonly model: string
  /** Undefined when the message chooses none. */
  readonly selector: VersionSelector | undefined
  /** Empty when the message names none. */
  readonly signatureName: string
}

/** Reads the `ModelSpec` that stands next. */
export function readModelSpec(reader: WireReader): ModelSpec {
  reader.expect(WIRE_TYPE.delimited)
  let model = ''
  let signatureName = ''
  let selector: VersionSelector | undefined
  const outer = reader.enter()
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field > FIELD.label) {
      reader.skip()
      continue
    }
    reader.expect(WIRE_TYPE.delimited)
    if (field === FIELD.name) model = reader.text()
    else if (field === FIELD.signature) signatureName = reader.text()
    else if (field === FIELD.label) selector = { kind: 'label', label: reader.text() }
    else selector = { kind: 'number', number: readVersion(reader) }
  }
  reader.leave(outer)
  return { model, selector, signatureName }
}

function readVersion(reader: WireReader): number {
  let version = 0
  const outer = reader.enter()
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === VALUE && reader.wireType === WIRE_TYPE.varint) version = reader.int64()
    else reader.skip()
  }
  reader.leave(outer)
  return version
}

/** @throws PlatformError `request.malformed` with TensorFlow Serving's text when a message has none, or one without a name */
export function requireModelSpec(spec: ModelSpec | undefined): ModelSpec {
  if (spec === undefined) throw malformed('Missing ModelSpec')
  if (spec.model === '') throw malformed('ModelSpec has no name specified.')
  return spec
}

/** Who answered: the model, its version, and the signature that was used (empty: left out). */
export function writeModelSpec(
  writer: WireWriter,
  field: number,
  { model, version, signatureName }: AnsweredSpec,
): void {
  const spec = writer.begin(field)
  writer.text(FIELD.name, model)
  const wrapped = writer.begin(FIELD.version)
  if (version !== 0) {
    writer.tag(VALUE, WIRE_TYPE.varint)
    writer.int64(version)
  }
  writer.end(wrapped)
  if (signatureName !== '') writer.text(FIELD.signature, signatureName)
  writer.end(spec)
}

export interface AnsweredSpec {
  readonly model: string
  readonly version: number
  readonly signatureName: string
}

/** The signature that is used for the name of a message. */
export function effectiveSignature(name: string): string {
  return name === '' ? DEFAULT_SIGNATURE : name
}

/** True for the signature that every model has, and for none. */
export function isDefaultSignature(name: string): boolean {
  return name === '' || name === DEFAULT_SIGNATURE
}

/** TensorFlow Serving's error for a signature that a model does not have. */
export function signatureNotFound(name: string): PlatformError {
  return new PlatformError(
    'request.signature_not_found',
    `Serving signature key "${name.slice(0, 256)}" not found.`,
  )
}
