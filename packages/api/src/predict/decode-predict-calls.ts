import type { NamedTensors, Signature } from '@understudy/core'
import { BodyScanner, nestsTooDeep } from '@understudy/protocols'
import { decodeInputs } from './decode-inputs.ts'
import { readPredictInput } from './read-predict-input.ts'
import { type ScannedCall, type SignatureOf, scanPredictCall } from './scan-predict-call.ts'
import type { VersionTarget } from './schemas.ts'

const OBJECT_BEGIN = 0x7b
const OBJECT_END = 0x7d
const COMMA = 0x2c

/** One call of `predict` whose input is right as far as that can be told without knowing the signature. */
export interface PredictCall {
  readonly target: VersionTarget
  readonly outputs: readonly string[] | undefined
  readonly timeoutMs: number | undefined
  /** @throws PlatformError as `decodeInputs` does */
  readonly inputsFor: (signature: Signature) => NamedTensors
}

/** Calls that a body holds: one that is the body, or as many as a batch names. */
export interface CallCount {
  readonly isBatch: boolean
  readonly calls: number
}

/** One usual call, with its tensors. */
type ScannedPredictCall = Omit<PredictCall, 'inputsFor'> & Pick<ScannedCall, 'inputs'>

/** The usual bodies, read without making a document of them. */
export function scanPredictCalls(
  bytes: Uint8Array,
  { isBatch, calls }: CallCount,
  signatureOf: SignatureOf,
): readonly ScannedPredictCall[] | undefined {
  const scanner = new BodyScanner(bytes)
  const scanned: ScannedPredictCall[] = []
  if (isBatch && scanner.next() !== OBJECT_BEGIN) return undefined
  for (let index = 0; index < calls; index += 1) {
    if (isBatch) {
      if (index > 0 && scanner.next() !== COMMA) return undefined
      scanner.at += 1
      if (scanner.key([String(index)]) !== 0) return undefined
    }
    const call = scanPredictCall(scanner, signatureOf)
    if (call === undefined) return undefined
    const { target, inputs } = call
    scanned.push({ target, outputs: undefined, timeoutMs: undefined, inputs })
  }
  if (isBatch) {
    if (scanner.next() !== OBJECT_END) return undefined
    scanner.at += 1
  }
  return scanner.next() === -1 ? scanned : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parseCalls(bytes: Uint8Array, { isBatch, calls }: CallCount): readonly PredictCall[] | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const document = parse(text)
  const parsed: PredictCall[] = []
  if (isBatch && Array.isArray(document)) return undefined
  for (let index = 0; index < calls; index += 1) {
    const input = readPredictInput(isBatch ? memberOf(document, String(index)) : document)
    if (input === undefined) return undefined
    const { outputs, timeoutMs } = input
    const inputsFor = (signature: Signature) => decodeInputs(input, signature)
    parsed.push({ target: input, outputs, timeoutMs, inputsFor })
  }
  return parsed
}

function memberOf(document: unknown, key: string): unknown {
  if (typeof document !== 'object' || document === null || !Object.hasOwn(document, key)) return undefined
  return (document as Record<string, unknown>)[key]
}

/**
 * The calls of `predict` in a body, all of them right; undefined when one is not, or when it is not sure that the stock adapter would
 * read the same: then that has to answer. Nothing is run and nothing thrown.
 */
export function decodePredictCalls(
  bytes: Uint8Array,
  count: CallCount,
  signatureOf: SignatureOf,
): readonly PredictCall[] | undefined {
  const scanned = scanPredictCalls(bytes, count, signatureOf)
  if (scanned === undefined) return nestsTooDeep(bytes) ? undefined : parseCalls(bytes, count)
  return scanned.map(({ target, inputs }) => ({
    target,
    outputs: undefined,
    timeoutMs: undefined,
    inputsFor: () => inputs,
  }))
}
