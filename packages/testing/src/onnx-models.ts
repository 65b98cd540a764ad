import type { DType } from '@understudy/core'
import { OnnxBuilder, OnnxGraph, type OnnxTensor } from './onnx-builder.ts'

const INT64_MAX = 9_223_372_036_854_775_807n

function int64s(...values: readonly (number | bigint)[]): OnnxTensor {
  return { dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values.map(BigInt)) }
}

function float32s(shape: readonly number[], values: Iterable<number>): OnnxTensor {
  return { dtype: 'float32', shape, data: Float32Array.from(values) }
}

/** The same numbers between -1 and 1 for the same seed. */
function* seededNumbers(seed: number, count: number): Generator<number> {
  let state = (seed * 2_654_435_761 + 1) >>> 0
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state / 2 ** 31 - 1
  }
}

export interface LinearModelOptions {
  /** Columns of `x`. @defaultValue 4 */
  readonly inputs?: number
  /** Columns of `y`. @defaultValue 3 */
  readonly outputs?: number
  /** Gives other weights, and so other bytes and answers. @defaultValue 1 */
  readonly seed?: number
  /** Weights of `[inputs, outputs]` in row-major order, instead of seeded ones. */
  readonly weights?: readonly number[]
}

/** `y = x · W`: float32 `x [N, inputs]` to float32 `y [N, outputs]`. A true batch axis. */
export function linearModel(options: LinearModelOptions = {}): Uint8Array {
  const { inputs = 4, outputs = 3, seed = 1 } = options
  const weights = options.weights ?? seededNumbers(seed, inputs * outputs)
  return new OnnxBuilder()
    .input('x', 'float32', ['N', inputs])
    .output('y', 'float32', ['N', outputs])
    .initializer('W', float32s([inputs, outputs], weights))
    .node('MatMul', [['x', 'W'], ['y']])
    .build()
}

/** {@link linearModel} whose weights lie in another file; `weights` are the bytes to put there. */
export function externalLinearModel(
  location: string,
  options: { readonly inputs: number; readonly outputs: number; readonly seed?: number },
): { readonly model: Uint8Array; readonly weights: Uint8Array } {
  const { inputs, outputs, seed = 1 } = options
  const weights = Float32Array.from(seededNumbers(seed, inputs * outputs))
  const model = new OnnxBuilder()
    .input('x', 'float32', ['N', inputs])
    .output('y', 'float32', ['N', outputs])
    .externalInitializer(
      'W',
      { dtype: 'float32', shape: [inputs, outputs] },
      { location, offset: 0, length: weights.byteLength },
    )
    .node('MatMul', [['x', 'W'], ['y']])
    .build()
  return { model, weights: new Uint8Array(weights.buffer) }
}

/** `y = x` of one type and shape `[N, columns]`. */
export function identityModel(dtype: DType, columns = 2): Uint8Array {
  return new OnnxBuilder()
    .input('x', dtype, ['N', columns])
    .output('y', dtype, ['N', columns])
    .node('Identity', [['x'], ['y']])
    .build()
}

/** Loads at once; a run never ends: a loop of 2^63 - 1 steps whose condition stays true. */
export function endlessModel(): Uint8Array {
  const body = new OnnxGraph('body')
    .input('step', 'int64', [])
    .input('goOn', 'bool', [])
    .input('value', 'float32', ['N', 4])
    .output('goOnNext', 'bool', [])
    .output('valueNext', 'float32', ['N', 4])
    .node('Identity', [['goOn'], ['goOnNext']])
    .node('Neg', [['value'], ['valueNext']])
  return new OnnxBuilder()
    .input('x', 'float32', ['N', 4])
    .output('y', 'float32', ['N', 4])
    .initializer('steps', { dtype: 'int64', shape: [], data: BigInt64Array.of(INT64_MAX) })
    .initializer('start', { dtype: 'bool', shape: [], data: Uint8Array.of(1) })
    .node('Loop', [['steps', 'start', 'x'], ['y']], { attributes: { body: { graph: body } } })
    .build()
}

/**
 * Ends at once for finite inputs; a run never ends when the first element of `x` is not a number.
 * Lets a test poison one run among good ones.
 */
export function endlessOnNanModel(): Uint8Array {
  const body = new OnnxGraph('body')
    .input('step', 'int64', [])
    .input('goOn', 'bool', [])
    .input('value', 'float32', ['N', 4])
    .output('goOnNext', 'bool', [])
    .output('valueNext', 'float32', ['N', 4])
    .node('Identity', [['goOn'], ['goOnNext']])
    .node('Identity', [['value'], ['valueNext']])
  return new OnnxBuilder()
    .input('x', 'float32', ['N', 4])
    .output('y', 'float32', ['N', 4])
    .initializer('steps', { dtype: 'int64', shape: [], data: BigInt64Array.of(INT64_MAX) })
    .initializer('axes', int64s(0, 1))
    .node('ReduceSum', [['x', 'axes'], ['total']], { attributes: { keepdims: 0 } })
    .node('IsNaN', [['total'], ['poisoned']])
    .node('Loop', [['steps', 'poisoned', 'x'], ['y']], { attributes: { body: { graph: body } } })
    .build()
}

/** Loads at once; a run asks for `gibibytes` of memory in one piece and writes to all of it. */
export function hungryModel(gibibytes: number): Uint8Array {
  return new OnnxBuilder()
    .input('x', 'float32', ['N', 1])
    .output('y', 'float32', ['N', 1])
    .initializer('wide', int64s(1, gibibytes * 2 ** 28))
    .initializer('axes', int64s(1))
    .node('Expand', [['x', 'wide'], ['huge']])
    .node('ReduceMax', [['huge'], ['y']], { attributes: { axes: [1], keepdims: 1 } })
    .build()
}

/** Loads at once; a run takes ever more memory, a mebibyte and more at a time, and never ends: it keeps what each step of a loop makes. */
export function growingModel(): Uint8Array {
  const body = new OnnxGraph('body')
    .input('step', 'int64', [])
    .input('goOn', 'bool', [])
    .input('value', 'float32', ['N', 'M'])
    .output('goOnNext', 'bool', [])
    .output('valueNext', 'float32', ['N', 'M'])
    .output('kept', 'float32', ['N', 'M'])
    .node('Identity', [['goOn'], ['goOnNext']])
    .node('Neg', [['value'], ['valueNext']])
    .node('Abs', [['value'], ['kept']])
  return new OnnxBuilder()
    .input('x', 'float32', ['N', 1])
    .output('y', 'float32', ['S', 'N', 'M'])
    .initializer('steps', { dtype: 'int64', shape: [], data: BigInt64Array.of(INT64_MAX) })
    .initializer('start', { dtype: 'bool', shape: [], data: Uint8Array.of(1) })
    .initializer('wide', int64s(1, 2 ** 18))
    .node('Expand', [['x', 'wide'], ['first']])
    .node(
      'Loop',
      [
        ['steps', 'start', 'first'],
        ['last', 'y'],
      ],
      { attributes: { body: { graph: body } } },
    )
    .build()
}

/** Answers any `x [N, 1]` with `mebibytes` of floats for each row: much from little. */
export function hugeAnswerModel(mebibytes: number): Uint8Array {
  return new OnnxBuilder()
    .input('x', 'float32', ['N', 1])
    .output('y', 'float32', ['N', 'M'])
    .initializer('wide', int64s(1, mebibytes * 2 ** 18))
    .node('Expand', [['x', 'wide'], ['y']])
    .build()
}

/** Holds what each output name says: a scalar, a vector without elements, the sum of both inputs, and a copy of the texts. */
export function manyValuesModel(): Uint8Array {
  return new OnnxBuilder()
    .input('a', 'float32', ['N', 2])
    .input('b', 'float32', ['N', 2])
    .input('texts', 'string', ['T'])
    .output('total', 'float32', [])
    .output('nothing', 'float32', [0])
    .output('sum', 'float32', ['N', 2])
    .output('copies', 'string', ['T'])
    .initializer('empty', { dtype: 'float32', shape: [0], data: new Float32Array(0) })
    .node('Add', [['a', 'b'], ['sum']])
    .node('ReduceSum', [['sum'], ['total']], { attributes: { keepdims: 0 } })
    .node('Identity', [['empty'], ['nothing']])
    .node('Identity', [['texts'], ['copies']])
    .build()
}

/**
 * Asks for `gibibytes` of memory while it loads, for its weights lie in another file. That file may be a hole of `weightsBytes` zeros:
 * it costs no disk, but memory all the same.
 */
export function hungryLoadModel(
  location: string,
  gibibytes: number,
): { readonly model: Uint8Array; readonly weightsBytes: number } {
  const columns = 2 ** 14
  const rows = gibibytes * 2 ** 14
  const weightsBytes = rows * columns * 4
  const model = new OnnxBuilder()
    .input('x', 'float32', ['N', rows])
    .output('y', 'float32', ['N', columns])
    .externalInitializer(
      'W',
      { dtype: 'float32', shape: [rows, columns] },
      { location, offset: 0, length: weightsBytes },
    )
    .node('MatMul', [['x', 'W'], ['y']])
    .build()
  return { model, weightsBytes }
}

/** Takes minutes to load: a long chain of large constant products, folded into the graph. */
export function slowLoadModel(): Uint8Array {
  const size = 2_000
  const builder = new OnnxBuilder()
    .input('x', 'float32', ['N', size])
    .output('y', 'float32', ['N', size])
    .initializer('shape', int64s(size, size))
    .node('ConstantOfShape', [['shape'], ['c0']], { attributes: { value: { tensor: float32s([1], [0.5]) } } })
  const links = 2_000
  for (let i = 0; i < links; i++) builder.node('MatMul', [[`c${i}`, 'c0'], [`c${i + 1}`]])
  return builder.node('MatMul', [['x', `c${links}`], ['y']]).build()
}

/** Looks like it has a batch axis, but each row's answer depends on the others: `y = x - mean of all rows`. */
export function batchDependentModel(columns = 4): Uint8Array {
  return new OnnxBuilder()
    .input('x', 'float32', ['N', columns])
    .output('y', 'float32', ['N', columns])
    .node('ReduceMean', [['x'], ['mean']], { attributes: { axes: [0], keepdims: 1 } })
    .node('Sub', [['x', 'mean'], ['y']])
    .build()
}

/** Takes exactly one row: `[1, columns]` in and out. */
export function fixedBatchModel(columns = 4): Uint8Array {
  return new OnnxBuilder()
    .input('x', 'float32', [1, columns])
    .output('y', 'float32', [1, columns])
    .node('Neg', [['x'], ['y']])
    .build()
}
