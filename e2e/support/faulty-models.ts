import { OnnxBuilder, OnnxGraph } from '@understudy/testing'
import { COLUMNS, WEIGHTS } from './models.ts'

/** From here on the first number of a row marks it: a faulty model does to it what it is named for, and answers all others well. */
export const MARK = 1_000

/** What a model does to marked rows; `flips`, `notANumber` and `fails` to that row alone, the others to the whole run. */
/** `harmless` is the graph of `slow`, as quick with marked rows as with others. */
export type Fault = 'flips' | 'notANumber' | 'fails' | 'slow' | 'harmless' | 'endless' | 'hungry' | 'crashes'

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
/** Steps of the loop that makes a run about 400 times slower. */
const SLOW_STEPS = 12_000
const HUNGRY_FLOATS = 2 ** 28

/** `y = k · x · W` as the models of `scaledModel`, save for rows that are marked. */
export function faultyModel(fault: Fault, k = 1): Uint8Array {
  const model = new OnnxBuilder()
    .input('x', 'float32', ['N', COLUMNS])
    .output('y', 'float32', ['N', 3])
    .initializer(
      'W',
      floats(
        [COLUMNS, 3],
        WEIGHTS.map((weight) => weight * k),
      ),
    )
    .initializer('mark', floats([1, 1], [MARK]))
    .initializer('firstColumn', int64s([1], 0n))
    .node('Gather', [['x', 'firstColumn'], ['head']], { attributes: { axis: 1 } })
    .node('GreaterOrEqual', [['head', 'mark'], ['marked']])
    .node('MatMul', [['x', 'W'], ['plain']])
  FAULTS[fault](model)
  return model.build()
}

const FAULTS: Readonly<Record<Fault, (model: OnnxBuilder) => void>> = {
  flips: (model) =>
    model.node('Neg', [['plain'], ['other']]).node('Where', [['marked', 'other', 'plain'], ['y']]),
  notANumber: (model) =>
    model
      .initializer('nothing', floats([1, 1], [Number.NaN]))
      .node('Where', [['marked', 'nothing', 'plain'], ['y']]),
  // A table has no row of that number: the run fails, and every other input of it answers alone.
  fails: (model) =>
    model
      .initializer('table', floats([1], [0]))
      .node('Cast', [['marked'], ['index']], { attributes: { to: ONNX_INT64 } })
      .node('Gather', [['table', 'index'], ['zeros']], { attributes: { axis: 0 } })
      .node('Add', [['plain', 'zeros'], ['y']]),
  slow: (model) => idleSteps(model, SLOW_STEPS),
  harmless: (model) => idleSteps(model, 0),
  endless: (model) =>
    anyMarked(model)
      .initializer('trips', int64s([], INT64_MAX))
      .node('Cast', [['any'], ['goOn']], { attributes: { to: ONNX_BOOL } })
      .node('Loop', [['trips', 'goOn', 'plain'], ['y']], { attributes: { body: { graph: idle() } } }),
  hungry: (model) =>
    anyMarked(model)
      .initializer('floats', floats([1], [HUNGRY_FLOATS]))
      .initializer('one', floats([1], [1]))
      .node('Mul', [['any', 'floats'], ['wanted']])
      .node('Max', [['wanted', 'one'], ['atLeastOne']])
      .node('Cast', [['atLeastOne'], ['width']], { attributes: { to: ONNX_INT64 } })
      .node('Sub', [['one', 'one'], ['zero']])
      .node('Expand', [['zero', 'width'], ['huge']])
      .node('ReduceMax', [['huge'], ['nothing']], { attributes: { keepdims: 1 } })
      .node('Add', [['plain', 'nothing'], ['y']]),
  // The one quotient of int64 that is none: the processor ends the process that divides it.
  crashes: (model) =>
    model
      .initializer('least', int64s([1, 1], INT64_MIN))
      .initializer('plusOne', int64s([1, 1], 1n))
      .initializer('minusOne', int64s([1, 1], -1n))
      .initializer('nought', floats([1], [0]))
      .node('Where', [['marked', 'least', 'plusOne'], ['dividend']])
      .node('Where', [['marked', 'minusOne', 'plusOne'], ['divisor']])
      .node('Div', [['dividend', 'divisor'], ['quotient']])
      .node('Cast', [['quotient'], ['number']], { attributes: { to: ONNX_FLOAT } })
      .node('Mul', [['number', 'nought'], ['zeros']])
      .node('Add', [['plain', 'zeros'], ['y']]),
}

/** Numbers of element types in ONNX's `Cast`. */
const ONNX_FLOAT = 1
const ONNX_INT64 = 7
const ONNX_BOOL = 9

/** `any`: 1 when a row of the run is marked, else 0; a scalar. */
/** So many steps of a loop that does nothing, for a batch with a marked row. */
function idleSteps(model: OnnxBuilder, steps: number): OnnxBuilder {
  return anyMarked(model)
    .initializer('steps', floats([], [steps]))
    .node('Mul', [['any', 'steps'], ['stepsFloat']])
    .node('Cast', [['stepsFloat'], ['trips']], { attributes: { to: ONNX_INT64 } })
    .initializer('goOn', { dtype: 'bool', shape: [], data: Uint8Array.of(1) })
    .node('Loop', [['trips', 'goOn', 'plain'], ['y']], { attributes: { body: { graph: idle() } } })
}

function anyMarked(model: OnnxBuilder): OnnxBuilder {
  model
    .node('Cast', [['marked'], ['markedFloat']], { attributes: { to: ONNX_FLOAT } })
    .node('ReduceMax', [['markedFloat'], ['any']], { attributes: { keepdims: 0 } })
  return model
}

/** The body of a loop that costs time and changes nothing: it negates twice. */
function idle(): OnnxGraph {
  return new OnnxGraph('idle')
    .input('step', 'int64', [])
    .input('goOn', 'bool', [])
    .input('value', 'float32', ['N', 3])
    .output('goOnNext', 'bool', [])
    .output('valueNext', 'float32', ['N', 3])
    .node('Identity', [['goOn'], ['goOnNext']])
    .node('Neg', [['value'], ['negated']])
    .node('Neg', [['negated'], ['valueNext']])
}

function floats(shape: readonly number[], values: readonly number[]) {
  return { dtype: 'float32' as const, shape, data: Float32Array.from(values) }
}

function int64s(shape: readonly number[], value: bigint) {
  return { dtype: 'int64' as const, shape, data: BigInt64Array.of(value) }
}
