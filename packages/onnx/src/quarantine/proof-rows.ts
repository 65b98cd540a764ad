import {
  elementCount,
  type NamedTensors,
  rowCount,
  type Signature,
  sliceAllRows,
  type Tensor,
} from '@understudy/core'
import { float16ToNumber, numberToFloat16 } from '../golden/float16.ts'
import { setElement } from '../golden/set-element.ts'
import { syntheticInputs } from '../golden/synthetic-inputs.ts'
import { PROOF_ROWS } from './batch-axis.ts'

/**
 * Single rows to prove the batch axis with: of a golden request where there is one, else made up; varied until there are enough.
 * Undefined when the signature is too large to make inputs up.
 */
export function proofRows(
  signature: Signature,
  requests: readonly NamedTensors[],
): readonly NamedTensors[] | undefined {
  const golden = requests.filter((request) => commonRows(request) > 0)
  const most = golden.sort((a, b) => commonRows(b) - commonRows(a))[0]
  const source = most ?? syntheticInputs(signature, PROOF_ROWS)
  if (!source) return undefined
  const available = commonRows(source)
  const count = Math.min(PROOF_ROWS, available)
  const rows: NamedTensors[] = []
  for (let i = 0; i < count; i++) {
    const at = Math.floor((i * available) / count)
    rows.push(sliceAllRows(source, at, at + 1))
  }
  for (let i = rows.length; i < PROOF_ROWS; i++) rows.push(varied(rows[i % count] ?? new Map(), i))
  return rows
}

/** Rows of a request whose tensors all have as many; 0 when they do not. */
function commonRows(request: NamedTensors): number {
  const counts = new Set([...request.values()].map((tensor) => rowCount(tensor) ?? 0))
  const [only] = counts
  return counts.size === 1 && only !== undefined ? only : 0
}

/** The row with its floats moved a little; whole numbers and texts may be codes and stay. */
function varied(row: NamedTensors, step: number): NamedTensors {
  return new Map([...row].map(([name, tensor]) => [name, variedTensor(tensor, step)]))
}

function variedTensor(tensor: Tensor, step: number): Tensor {
  const { dtype, shape, data } = tensor
  const move = (value: number) => value * (1 + step / 8) + step / 16
  if (dtype === 'float32' || dtype === 'float64') {
    const numbers = data as Float32Array
    return { dtype, shape, data: numbers.map(move) }
  }
  if (dtype !== 'float16') return tensor
  const bits = (data as Uint16Array).slice()
  for (let i = 0; i < elementCount(shape); i++) {
    setElement(bits, i, numberToFloat16(move(float16ToNumber(bits[i] ?? 0))))
  }
  return { dtype, shape, data: bits }
}
