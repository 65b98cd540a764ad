import {
  type ErrorCode,
  isPlatformError,
  type NamedTensors,
  type Signature,
  toPlatformError,
} from '@understudy/core'
import { nestsTooDeep } from '@understudy/protocols'
import { z } from 'zod'
import { decodeInputs } from './decode-inputs.ts'
import { type CallCount, scanPredictCalls } from './decode-predict-calls.ts'
import { predictSchema, type VersionTarget } from './schemas.ts'

/** A version that calls may be for. Without a signature it is known that there is none. */
export interface KnownTarget {
  readonly target: VersionTarget
  readonly signature: Signature | undefined
}

/** What became of one call. */
export type LargeCall =
  | {
      readonly kind: 'read'
      readonly target: VersionTarget
      readonly outputs: readonly string[] | undefined
      readonly timeoutMs: number | undefined
      /** Undefined where there is no such version. */
      readonly inputs: NamedTensors | undefined
    }
  /** Its tensors are wrong. */
  | {
      readonly kind: 'failed'
      readonly target: VersionTarget
      readonly code: ErrorCode
      readonly message: string
    }
  /** tRPC itself refuses its input; `isShared` by all calls of the body. */
  | { readonly kind: 'refused'; readonly message: string; readonly isShared: boolean }

export type LargeCalls =
  | { readonly kind: 'calls'; readonly calls: readonly LargeCall[] }
  /** The same body has to be read again with these known. */
  | { readonly kind: 'unknown'; readonly targets: readonly VersionTarget[] }
  | { readonly kind: 'tooDeep' }

/** Reads a whole body of calls of `predict`, right or wrong, as the stock adapter would: for a thread that has time. Never throws. */
export function decodeLargeCalls(
  bytes: Uint8Array,
  count: CallCount,
  known: readonly KnownTarget[],
): LargeCalls {
  const scanned = scanPredictCalls(bytes, count, (target) => find(known, target)?.signature)
  if (scanned !== undefined)
    return { kind: 'calls', calls: scanned.map((call) => ({ kind: 'read', ...call })) }
  if (nestsTooDeep(bytes)) return { kind: 'tooDeep' }
  const document = parse(bytes)
  if ('message' in document) return refuseAll(document.message, count)
  if (!count.isBatch) return decodeAll([document.value], known)
  if (!isObject(document.value)) {
    return refuseAll('"input" needs to be an object when doing a batch call', count)
  }
  const { value } = document
  return decodeAll(
    Array.from({ length: count.calls }, (_, index) => value[index]),
    known,
  )
}

function isObject(value: unknown): value is Readonly<Record<number, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(bytes: Uint8Array): { readonly value: unknown } | { readonly message: string } {
  try {
    // As the body of a web request is read: without a byte order mark.
    return { value: JSON.parse(new TextDecoder().decode(bytes)) }
  } catch (error) {
    return { message: error instanceof Error ? error.message : 'Invalid input' }
  }
}

function refuseAll(message: string, { calls }: CallCount): LargeCalls {
  return { kind: 'calls', calls: new Array(calls).fill({ kind: 'refused', message, isShared: true }) }
}

function decodeAll(values: readonly unknown[], known: readonly KnownTarget[]): LargeCalls {
  const unknown: VersionTarget[] = []
  const calls = values.map((value): LargeCall => {
    const parsed = predictSchema.safeParse(value)
    if (!parsed.success) return { kind: 'refused', message: z.prettifyError(parsed.error), isShared: false }
    const { model, version, label, outputs, timeoutMs } = parsed.data
    const target = { model, version, label }
    const described = find(known, target)
    if (described === undefined) unknown.push(target)
    const read = { kind: 'read', target, outputs, timeoutMs, inputs: undefined } as const
    if (described?.signature === undefined) return read
    try {
      return { ...read, inputs: decodeInputs(parsed.data, described.signature) }
    } catch (thrown) {
      const { code, message } = isPlatformError(thrown) ? thrown : toPlatformError(thrown)
      return { kind: 'failed', target, code, message }
    }
  })
  return unknown.length > 0 ? { kind: 'unknown', targets: unknown } : { kind: 'calls', calls }
}

function find(known: readonly KnownTarget[], target: VersionTarget): KnownTarget | undefined {
  return known.find(
    (one) =>
      one.target.model === target.model &&
      one.target.version === target.version &&
      one.target.label === target.label,
  )
}
