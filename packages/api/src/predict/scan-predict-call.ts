import { MODEL_NAME_PATTERN, type NamedTensors, type Signature } from '@understudy/core'
import { type BodyScanner, canScan } from '@understudy/protocols'
import { FlatTensorScanner } from './flat-tensor-scanner.ts'
import type { VersionTarget } from './schemas.ts'

const OBJECT_BEGIN = 0x7b
const OBJECT_END = 0x7d
const COMMA = 0x2c
const QUOTE = 0x22
const BACKSLASH = 0x5c

const MODEL = ['model'] as const
const NAMES = ['inputs', 'instances', 'version'] as const
const NAME_BYTES_MAX = 63
const VERSION_DIGITS_MAX = 15

/** What the usual call says. */
export interface ScannedCall {
  readonly target: VersionTarget
  readonly inputs: NamedTensors
}

/** Signature of the version that a call is for; undefined when there is none, which another reader then says. */
export type SignatureOf = (target: VersionTarget) => Signature | undefined

/**
 * Reads one usual call from where the scanner stands: a model, perhaps a version, then numbers in dense or flat tensors. Undefined for
 * any other, right or wrong: then the place of the scanner means nothing.
 */
export function scanPredictCall(scanner: BodyScanner, signatureOf: SignatureOf): ScannedCall | undefined {
  if (scanner.next() !== OBJECT_BEGIN) return undefined
  scanner.at += 1
  if (scanner.key(MODEL) !== 0) return undefined
  const model = readModel(scanner)
  let version: number | undefined
  if (model === undefined || !passComma(scanner)) return undefined
  let name = NAMES[scanner.key(NAMES)]
  if (name === 'version') {
    version = readVersion(scanner)
    if (version === undefined || !passComma(scanner)) return undefined
    name = NAMES[scanner.key(NAMES)]
  }
  if (name !== 'inputs' && name !== 'instances') return undefined
  const target: VersionTarget = { model, version }
  const inputs = readTensors(scanner, name, signatureOf(target))
  if (inputs === undefined || scanner.next() !== OBJECT_END) return undefined
  scanner.at += 1
  return { target, inputs }
}

function passComma(scanner: BodyScanner): boolean {
  if (scanner.next() !== COMMA) return false
  scanner.at += 1
  return true
}

function readTensors(
  scanner: BodyScanner,
  form: 'inputs' | 'instances',
  signature: Signature | undefined,
): NamedTensors | undefined {
  if (signature === undefined || !canScan(signature)) return undefined
  if (form === 'instances') return scanner.rows(signature)
  return scanner.columns(signature, (spec) => new FlatTensorScanner(spec, scanner.bytes))
}

/** A name whose characters are one byte each, without escapes. */
function readModel(scanner: BodyScanner): string | undefined {
  if (scanner.next() !== QUOTE) return undefined
  const from = scanner.at + 1
  let to = from
  for (let byte = scanner.bytes[to]; byte !== QUOTE; byte = scanner.bytes[to]) {
    if (
      to - from === NAME_BYTES_MAX ||
      byte === undefined ||
      byte === BACKSLASH ||
      byte <= 0x20 ||
      byte > 0x7e
    )
      return undefined
    to += 1
  }
  scanner.at = to + 1
  const name = String.fromCharCode(...scanner.bytes.subarray(from, to))
  return MODEL_NAME_PATTERN.test(name) ? name : undefined
}

function readVersion(scanner: BodyScanner): number | undefined {
  scanner.next()
  const from = scanner.at
  let value = 0
  for (let byte = scanner.bytes[scanner.at] ?? 0; byte >= 0x30 && byte <= 0x39; ) {
    value = value * 10 + (byte - 0x30)
    scanner.at += 1
    byte = scanner.bytes[scanner.at] ?? 0
  }
  const digits = scanner.at - from
  if (digits === 0 || digits > VERSION_DIGITS_MAX || scanner.bytes[from] === 0x30) return undefined
  return value
}
