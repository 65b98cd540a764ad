import { linearModel, OnnxBuilder } from '@understudy/testing'

export const COLUMNS = 4

/** The same rows for every test: none is answered alike by two models of {@link scaledModel}. */
export const ROWS: readonly (readonly number[])[] = Array.from({ length: 32 }, (_, row) =>
  Array.from(
    { length: COLUMNS },
    (_, column) => Math.round(100 * Math.sin(1 + row * COLUMNS + column)) / 100,
  ),
)

/** Bodies of `:predict`, one for each of {@link ROWS}. */
export const BODIES = ROWS.map((row) => JSON.stringify({ instances: [row] }))

export const WEIGHTS = [0.9, -0.4, 0.2, -0.3, 0.8, 0.5, 0.1, -0.7, 1.1, 0.6, 0.3, -0.9]

/** `y = k · x · W`: for every k other numbers in the same order, so that answers tell versions apart and classes agree. */
export function scaledModel(k: number): Uint8Array {
  return linearModel({ inputs: COLUMNS, outputs: 3, weights: WEIGHTS.map((weight) => weight * k) })
}

/** Of the same form, but it prefers another class for nearly every row. */
export function contraryModel(): Uint8Array {
  return linearModel({ inputs: COLUMNS, outputs: 3, weights: WEIGHTS.map((weight) => -weight) })
}

/** Of the same form as {@link scaledModel} of 1, but a run fails when the first number of a row is 1000 or more. */
export function brittleModel(): Uint8Array {
  const table = Float32Array.from({ length: 2_000 }, () => 1)
  return new OnnxBuilder()
    .input('x', 'float32', ['N', COLUMNS])
    .output('y', 'float32', ['N', 3])
    .initializer('W', { dtype: 'float32', shape: [COLUMNS, 3], data: Float32Array.from(WEIGHTS) })
    .initializer('table', { dtype: 'float32', shape: [table.length, 1], data: table })
    .initializer('first', { dtype: 'int64', shape: [], data: BigInt64Array.of(0n) })
    .initializer('doubled', { dtype: 'float32', shape: [], data: Float32Array.of(2) })
    .node('Gather', [['x', 'first'], ['head']], { attributes: { axis: 1 } })
    .node('Mul', [['head', 'doubled'], ['twice']])
    .node('Cast', [['twice'], ['index']], { attributes: { to: 7 } })
    .node('Gather', [['table', 'index'], ['ones']], { attributes: { axis: 0 } })
    .node('MatMul', [['x', 'W'], ['plain']])
    .node('Mul', [['plain', 'ones'], ['y']])
    .build()
}

/** A `model.yaml` whose verdict needs few pairs; classes decide, numbers may differ. */
export function quickPolicy(
  options: { readonly minPairs?: number; readonly budget?: number; readonly approvals?: 0 | 1 } = {},
): string {
  const { minPairs = 30, budget = 0.5, approvals = 0 } = options
  return [
    'apiVersion: understudy/v1',
    'kind: Model',
    'outputs:',
    '  y: {compare: {kind: argmax}, gate: true}',
    'rollout:',
    `  shadow: {minPairs: ${minPairs}}`,
    `  gates: {errors: {margin: 0.2}, disagreement: {budget: ${budget}}}`,
    `  approval: {required: ${approvals}}`,
    '',
  ].join('\n')
}

/** A `model.yaml` of a model whose versions go live without evidence. */
export const IMMEDIATE = 'rollout: {strategy: immediate}\n'
