import { randomUUID } from 'node:crypto'
import type { Category, Fault, Retry } from './category.ts'
import { ERROR_REGISTRY, type ErrorCode } from './registry.ts'

const BRAND: unique symbol = Symbol.for('understudy.PlatformError')

export interface PlatformErrorOptions {
  /** Facts for logs and the console; never secrets. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * The one error class: a registered code and a message fit for the person who caused it.
 *
 * The message says what happened, to what, and what was expected; internals belong into `cause`.
 */
export class PlatformError extends Error {
  readonly [BRAND] = true
  readonly id: string = randomUUID()
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: PlatformErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'PlatformError'
    this.code = code
    this.details = options.details ?? {}
  }

  get category(): Category {
    return ERROR_REGISTRY[this.code].category
  }

  get fault(): Fault {
    return ERROR_REGISTRY[this.code].fault
  }

  get retry(): Retry {
    return ERROR_REGISTRY[this.code].retry
  }

  /** What a stranger may read: server-side faults are reduced to a generic sentence with the id. */
  get publicMessage(): string {
    return this.category === 'INTERNAL' || this.category === 'DATA_LOSS'
      ? `Internal error. Quote the id ${this.id} when you report it.`
      : this.message
  }
}

/** Recognises a {@link PlatformError} also when it comes from another bundle, where `instanceof` fails. */
export function isPlatformError(value: unknown): value is PlatformError {
  return typeof value === 'object' && value !== null && BRAND in value
}

/** Guarantees a {@link PlatformError}: what is not one becomes `platform.unexpected` with the original as cause. */
export function toPlatformError(value: unknown): PlatformError {
  if (isPlatformError(value)) return value
  return new PlatformError('platform.unexpected', textOf(value), { cause: value })
}

/** Never throws: an object may have no text, or one that fails. */
function textOf(value: unknown): string {
  try {
    return value instanceof Error ? value.message : String(value)
  } catch {
    return 'something without a text was thrown'
  }
}
