import { DTYPES, type ModelPlan, type PlannedVersion, type TensorSpec } from '@understudy/core'
import { identityModel, type NodeRig, OnnxBuilder } from '@understudy/testing'
import { planOf, SMALL } from '../support/serving-plans.ts'

const COMMON = { measured: SMALL, runtime: { timeoutMs: 30_000 } } as const

function floats(name: string, ...shape: readonly (number | string)[]): TensorSpec {
  return { name, dtype: 'float32', shape }
}

/** `y = x / 2 + offset`, the model of TensorFlow Serving's own examples. */
function halfVersion(rig: NodeRig, number: number, offset: number): Promise<PlannedVersion> {
  const files = new OnnxBuilder()
    .input('x', 'float32', ['N'])
    .output('y', 'float32', ['N'])
    .initializer('half', { dtype: 'float32', shape: [], data: Float32Array.of(0.5) })
    .initializer('offset', { dtype: 'float32', shape: [], data: Float32Array.of(offset) })
    .node('Mul', [['x', 'half'], ['halved']])
    .node('Add', [['halved', 'offset'], ['y']])
    .build()
  return rig.version({
    ...{ ...COMMON, number, files },
    signature: { inputs: [floats('x', 'N')], outputs: [floats('y', 'N')] },
  })
}

/** Two inputs, and their sum and difference. */
function pairVersion(rig: NodeRig): Promise<PlannedVersion> {
  const files = new OnnxBuilder()
    .input('a', 'float32', ['N', 2])
    .input('b', 'float32', ['N', 2])
    .output('sum', 'float32', ['N', 2])
    .output('difference', 'float32', ['N', 2])
    .node('Add', [['a', 'b'], ['sum']])
    .node('Sub', [['a', 'b'], ['difference']])
    .build()
  return rig.version({
    ...{ ...COMMON, number: 1, files },
    signature: {
      inputs: [floats('a', 'N', 2), floats('b', 'N', 2)],
      outputs: [floats('sum', 'N', 2), floats('difference', 'N', 2)],
    },
  })
}

/** Three numbers a row: the first two are the scores of a cat and a dog, all three together the value of a regression. */
function petsVersion(rig: NodeRig): Promise<PlannedVersion> {
  const pick = Float32Array.of(1, 0, 0, 1, 0, 0)
  const files = new OnnxBuilder()
    .input('f', 'float32', ['N', 3])
    .output('scores', 'float32', ['N', 2])
    .output('value', 'float32', ['N'])
    .initializer('pick', { dtype: 'float32', shape: [3, 2], data: pick })
    .initializer('axis', { dtype: 'int64', shape: [1], data: BigInt64Array.of(1n) })
    .node('MatMul', [['f', 'pick'], ['scores']])
    .node('ReduceSum', [['f', 'axis'], ['value']], { attributes: { keepdims: 0 } })
    .build()
  return rig.version({
    ...{ ...COMMON, number: 1, files },
    signature: { inputs: [floats('f', 'N', 3)], outputs: [floats('scores', 'N', 2), floats('value', 'N')] },
    signatures: {
      classification: { method: 'classify', scores: 'scores' },
      regression: { method: 'regress', value: 'value' },
    },
    classLabels: { scores: ['cat', 'dog'] },
  })
}

/** What the node of the clients serves: an identity model of each type, and small models that compute something. */
export async function clientModels(rig: NodeRig): Promise<readonly ModelPlan[]> {
  const plans: ModelPlan[] = []
  for (const dtype of DTYPES) {
    const version = await rig.version({
      ...{ ...COMMON, number: 1, files: identityModel(dtype, 2) },
      signature: {
        inputs: [{ name: 'x', dtype, shape: ['N', 2] }],
        outputs: [{ name: 'y', dtype, shape: ['N', 2] }],
      },
    })
    plans.push(planOf(`id-${dtype}`, 1, [version]))
  }
  const half = planOf('half', 7, [await halfVersion(rig, 1, 2), await halfVersion(rig, 2, 3)], 2)
  plans.push({ ...half, labels: { ...half.labels, stable: 1 } })
  plans.push(planOf('pair', 1, [await pairVersion(rig)]), planOf('pets', 1, [await petsVersion(rig)]))
  return plans
}
