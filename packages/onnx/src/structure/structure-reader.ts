import type { ByteSource } from './byte-source.ts'
import { notAModel } from './model-errors.ts'
import { type ByteRange, type Field, type FieldBudget, ProtobufCursor } from './protobuf-cursor.ts'
import type { StructureLimits } from './structure-limits.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** What the readers of single messages share: the bytes, the limits, and what was found anywhere in the model. */
export class StructureReader {
  readonly limits: StructureLimits
  readonly externalFiles = new Set<string>()
  /** Uses by `domain:operator`. */
  readonly operatorCounts = new Map<string, number>()
  readonly #source: ByteSource
  readonly #budget: FieldBudget

  constructor(source: ByteSource, limits: StructureLimits) {
    this.#source = source
    this.limits = limits
    this.#budget = { fieldsLeft: limits.maxFields }
  }

  /** Calls `visit` with every field of the message in the range. */
  eachField(range: ByteRange, visit: (field: Field) => void): void {
    const cursor = this.cursor(range)
    for (let field = cursor.next(); field !== undefined; field = cursor.next()) visit(field)
  }

  /** Walks a message by hand, for who needs to know where its fields lie. */
  cursor(range: ByteRange): ProtobufCursor {
    return new ProtobufCursor(this.#source, range, this.#budget)
  }

  /** The text of a length-delimited field; refuses other kinds, long names and bytes that are no UTF-8. */
  text(field: Field): string {
    const range = rangeOf(field)
    if (range.end - range.start > this.limits.maxNameBytes) {
      throw notAModel(`it has a name longer than ${this.limits.maxNameBytes} bytes`)
    }
    try {
      return utf8.decode(this.#source.read(range.start, range.end - range.start))
    } catch (error) {
      if (error instanceof TypeError) throw notAModel('it has a name that is not UTF-8 text')
      throw error
    }
  }

  countOperator(domain: string, operator: string): void {
    const key = `${domain}:${operator}`
    this.operatorCounts.set(key, (this.operatorCounts.get(key) ?? 0) + 1)
  }
}

/** The range of a nested message. */
export function rangeOf(field: Field): ByteRange {
  if (field.kind === 'bytes') return field.range
  throw notAModel(`its field ${field.number} has another kind than ONNX gives it`)
}

/** The whole number of a field; numbers outside the safe range stand for themselves as nearest double. */
export function numberOf(field: Field): number {
  if (field.kind === 'varint') return Number(BigInt.asIntN(64, field.value))
  throw notAModel(`its field ${field.number} has another kind than ONNX gives it`)
}
