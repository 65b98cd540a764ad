import type { Signature, SignatureMapping, TensorSpec } from '@understudy/core'
import { malformed } from './element-errors.ts'

/** The signature that every model has: its own inputs and outputs, for predict calls. */
export const DEFAULT_SIGNATURE = 'serving_default'

/** Mappings by `signature_name`, as `model.yaml` declares them. */
export type SignatureMappings = Readonly<Record<string, SignatureMapping>>

type Method = SignatureMapping['method']
type MappingOf<M extends Method> = Extract<SignatureMapping, { method: M }>

/** TensorFlow's names of what a signature answers. */
export const METHOD_NAMES = {
  predict: 'tensorflow/serving/predict',
  classify: 'tensorflow/serving/classify',
  regress: 'tensorflow/serving/regress',
} as const

const TASKS = { predict: 'prediction', classify: 'classification', regress: 'regression' } as const

/** One tensor of a signature: by which name a client knows it, and what it is in the model. */
export interface SignatureTensor {
  readonly key: string
  readonly spec: TensorSpec
}

export interface SignatureDef {
  readonly name: string
  readonly methodName: string
  readonly inputs: readonly SignatureTensor[]
  readonly outputs: readonly SignatureTensor[]
}

/** How TensorFlow's exporters call the tensor that serialized examples go into. */
const EXAMPLES: SignatureTensor = {
  key: 'inputs',
  spec: { name: 'input_example_tensor', dtype: 'string', shape: [''] },
}

function wrongMethod(wanted: keyof typeof TASKS, found: keyof typeof TASKS): Error {
  return malformed(
    `Expected ${TASKS[wanted]} signature method_name to be ${METHOD_NAMES[wanted]}. Was: ${METHOD_NAMES[found]}`,
  )
}

function unknownSignature(name: string): Error {
  return malformed(`Serving signature name: "${name.slice(0, 256)}" not found in signature def`)
}

/** A mapping of the method that is meant where the client names none: the default one, else the only one of the method. */
function unnamed<M extends Method>(method: M, mappings: SignatureMappings): MappingOf<M> {
  const ofMethod = Object.values(mappings).filter((one): one is MappingOf<M> => one.method === method)
  const [only, another] = ofMethod
  if (only !== undefined && another === undefined) return only
  throw wrongMethod(method, 'predict')
}

/**
 * The mapping that answers a classify or regress call. `name` is empty, or the default signature's, when the client does not choose.
 *
 * @throws PlatformError `request.malformed` with TensorFlow Serving's text: no such signature, or one of another method
 */
export function mappingFor<M extends Method>(
  method: M,
  name: string,
  mappings: SignatureMappings,
): MappingOf<M> {
  const key = name === '' ? DEFAULT_SIGNATURE : name
  const found = Object.hasOwn(mappings, key) ? mappings[key] : undefined
  if (found?.method === method) return found as MappingOf<M>
  if (key === DEFAULT_SIGNATURE) return unnamed(method, mappings)
  throw found === undefined ? unknownSignature(name) : wrongMethod(method, found.method)
}

/**
 * Lets predict calls pass that name no signature or the default one: only that takes tensors.
 *
 * @throws PlatformError `request.malformed` with TensorFlow Serving's text
 */
export function checkPredictSignature(name: string, mappings: SignatureMappings): void {
  if (name === '' || name === DEFAULT_SIGNATURE) return
  const found = Object.hasOwn(mappings, name) ? mappings[name] : undefined
  throw found === undefined ? unknownSignature(name) : wrongMethod('predict', found.method)
}

function outputOf(key: string, name: string, dtype: 'float32' | 'string', signature: Signature) {
  const shape = signature.outputs.find((output) => output.name === name)?.shape ?? ['', '']
  return { key, spec: { name, dtype, shape } }
}

function mappedOutputs(mapping: SignatureMapping, signature: Signature): SignatureTensor[] {
  if (mapping.method === 'regress') return [outputOf('outputs', mapping.value, 'float32', signature)]
  const { scores, classes } = mapping
  return [
    ...(classes === undefined ? [] : [outputOf('classes', classes, 'string', signature)]),
    ...(scores === undefined ? [] : [outputOf('scores', scores, 'float32', signature)]),
  ]
}

function own(specs: readonly TensorSpec[]): SignatureTensor[] {
  return specs.map((spec) => ({ key: spec.name, spec }))
}

/**
 * All signatures of a version, as `SignatureDefMap` lists them: `serving_default` with the model's own tensors, and each mapping with
 * the keys of TensorFlow's classify and regress signatures (`inputs`; `classes`, `scores`; `outputs`).
 */
export function signatureDefs(signature: Signature, mappings: SignatureMappings): readonly SignatureDef[] {
  const mapped = Object.entries(mappings)
    .filter(([name]) => name !== DEFAULT_SIGNATURE)
    .map(([name, mapping]) => ({
      name,
      methodName: METHOD_NAMES[mapping.method],
      inputs: [EXAMPLES],
      outputs: mappedOutputs(mapping, signature),
    }))
  const predict = {
    name: DEFAULT_SIGNATURE,
    methodName: METHOD_NAMES.predict,
    inputs: own(signature.inputs),
    outputs: own(signature.outputs),
  }
  return [predict, ...mapped]
}
