import type { Tensor } from '@understudy/core'
import { OIP_DATATYPE } from './datatypes.ts'
import { malformed, shownName } from './oip-error-texts.ts'

const NOT_RANKED: ReadonlySet<string> = new Set(['float16', 'bool', 'string'])

/** Throws for types that have no order of classes. @throws PlatformError `request.malformed` */
export function checkClassifiable(name: string, dtype: Tensor['dtype']): void {
  if (!NOT_RANKED.has(dtype)) return
  throw malformed(
    `class result not available for output '${shownName(name)}' due to unsupported type '${OIP_DATATYPE[dtype]}'`,
  )
}

/** As C++ writes it: six digits behind the point of a float, none of an integer. */
function scoreText(value: number | bigint, isFloat: boolean): string {
  if (typeof value === 'bigint' || !isFloat) return String(value)
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`
}

/** Indexes of the largest scores, the first of equals before the others, what is no number last. */
function best(scores: ArrayLike<number | bigint>, from: number, count: number): readonly number[] {
  const order = Array.from({ length: count }, (_, index) => index)
  const rank = (index: number): number | bigint => {
    const score = scores[from + index] ?? 0
    return Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score
  }
  return order.sort((a, b) => {
    const [left, right] = [rank(a), rank(b)]
    return left === right ? a - b : left > right ? -1 : 1
  })
}

export interface ClassificationOptions {
  readonly classCount: number
  /** The first axis is that of the batch. */
  readonly isBatched: boolean
  /** Names of the classes by index, where the model has some. */
  readonly labels: readonly string[] | undefined
}

/** The best classes of each row as `value:index` or `value:index:label`. */
export function classify(tensor: Tensor, { classCount, isBatched, labels }: ClassificationOptions): Tensor {
  const { dtype, shape } = tensor
  const scores = tensor.data as ArrayLike<number | bigint>
  const rows = isBatched ? (shape[0] ?? 0) : 1
  const perRow = rows === 0 ? 0 : scores.length / rows
  const count = Math.min(classCount, perRow)
  const isFloat = dtype === 'float32' || dtype === 'float64'
  const data: string[] = []
  for (let row = 0; row < rows; row += 1) {
    const from = row * perRow
    for (const index of best(scores, from, perRow).slice(0, count)) {
      const label = labels?.[index]
      const text = `${scoreText(scores[from + index] ?? 0, isFloat)}:${index}`
      data.push(label === undefined ? text : `${text}:${label}`)
    }
  }
  return { dtype: 'string', shape: isBatched ? [rows, count] : [count], data }
}
