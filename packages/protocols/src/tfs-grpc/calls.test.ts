import { isPlatformError, PlatformError, type Tensor } from '@understudy/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Example } from '../generated/tensorflow/core/example/example.ts'
import { TensorProto } from '../generated/tensorflow/core/framework/tensor.ts'
import {
  ClassificationRequest,
  ClassificationResponse,
} from '../generated/tensorflow_serving/apis/classification.ts'
import {
  MultiInferenceRequest,
  MultiInferenceResponse,
} from '../generated/tensorflow_serving/apis/inference.ts'
import { Input } from '../generated/tensorflow_serving/apis/input.ts'
import type { ModelSpec } from '../generated/tensorflow_serving/apis/model.ts'
import { PredictRequest, PredictResponse } from '../generated/tensorflow_serving/apis/predict.ts'
import { RegressionResponse } from '../generated/tensorflow_serving/apis/regression.ts'
import { WireWriter } from '../grpc/wire-writer.ts'
import { ExamplesCall } from './decode-examples-call.ts'
import { MultiInferenceCall } from './decode-multi-inference.ts'
import { PredictCall } from './decode-predict-call.ts'
import { encodePredictAnswer } from './encode-predict-answer.ts'
import { encodeExamplesAnswer, encodeMultiInferenceAnswer } from './encode-results-answer.ts'
import { tensorNameMistake, tfsErrorMessage } from './tfs-grpc-error.ts'

const EMPTY_TENSOR = TensorProto.decode(new Uint8Array())
const NO_ROOM_NEEDED = () => {
  throw new RangeError('room was taken')
}
const FREE = () => {}

function floats(values: readonly number[]): TensorProto {
  const dim = [{ size: BigInt(values.length), name: '' }]
  return { ...EMPTY_TENSOR, dtype: 1, tensorShape: { dim, unknownRank: false }, floatVal: [...values] }
}

function spec(more: Partial<ModelSpec> = {}): ModelSpec {
  return { name: 'm', versionChoice: undefined, signatureName: '', ...more }
}

function predictBytes(more: Partial<PredictRequest> = {}): Uint8Array {
  return PredictRequest.encode({
    modelSpec: spec(),
    inputs: new Map([['x', floats([1, 2])]]),
    outputFilter: [],
    predictStreamedOptions: undefined,
    ...more,
  }).finish()
}

function mistakeIn(work: () => unknown): string {
  try {
    work()
    return 'accepted'
  } catch (error) {
    if (!isPlatformError(error)) throw error
    return `${error.code}: ${error.message}`
  }
}

describe('PredictCall', () => {
  it('reads model, version, signature, inputs and outputs', () => {
    const call = new PredictCall(
      predictBytes({
        modelSpec: spec({ versionChoice: { $case: 'version', value: 7n }, signatureName: 's' }),
        inputs: new Map([
          ['x', floats([1])],
          ['y', floats([2, 3])],
        ]),
        outputFilter: ['b', 'a'],
        clientId: Buffer.from('me'),
      }),
    )
    expect(call).toMatchObject({
      model: 'm',
      selector: { kind: 'number', number: 7 },
      signatureName: 's',
      inputNames: ['x', 'y'],
      outputs: ['b', 'a'],
    })
    expect([...call.readTensors(NO_ROOM_NEEDED)]).toEqual([
      ['x', { dtype: 'float32', shape: [1], data: Float32Array.of(1) }],
      ['y', { dtype: 'float32', shape: [2], data: Float32Array.of(2, 3) }],
    ])
  })

  it('reads labels, and no version where none is named', () => {
    const label = spec({ versionChoice: { $case: 'versionLabel', value: 'canary' } })
    expect(new PredictCall(predictBytes({ modelSpec: label })).selector).toEqual({
      kind: 'label',
      label: 'canary',
    })
    const call = new PredictCall(predictBytes())
    expect([call.selector, call.outputs, call.signatureName]).toEqual([undefined, undefined, ''])
  })

  it('of inputs with one name takes the last', () => {
    const twice = Buffer.concat([predictBytes(), predictBytes({ inputs: new Map([['x', floats([9])]]) })])
    expect([...(new PredictCall(twice).readTensors(FREE).get('x')?.data ?? [])]).toEqual([9])
  })

  it.each([
    [{ modelSpec: undefined }, 'Missing ModelSpec'],
    [{ modelSpec: spec({ name: '' }) }, 'ModelSpec has no name specified.'],
    [{ outputFilter: ['y', 'y'] }, 'duplicate output tensor alias: y'],
    [
      { inputs: new Map([['x', { ...floats([1]), dtype: 0 as const }]]) },
      'tensor parsing error: x (it has no dtype)',
    ],
    [{ outputFilter: new Array<string>(4_097).fill('y') }, 'output_filter has more than 4096 names'],
  ])('refuses what is wrong in %#', (more, message) => {
    expect(mistakeIn(() => new PredictCall(predictBytes(more)).readTensors(FREE))).toBe(
      `request.malformed: ${message}`,
    )
  })
})

it('refuses more inputs than any model has, also when they share a name', () => {
  // An entry without key and value.
  const many = Buffer.concat(new Array(4_097).fill(Buffer.from([0x12, 0])))
  expect(mistakeIn(() => new PredictCall(many))).toBe('request.malformed: There are more than 4096 inputs')
})

describe('the answer of Predict', () => {
  it('names model, version and signature beside the outputs', () => {
    const y = { dtype: 'int64' as const, shape: [2], data: BigInt64Array.of(-1n, 2n ** 60n) }
    const bytes = encodePredictAnswer(new Map([['y', y]]), { model: 'm', version: 3, signatureName: 's' })
    const { outputs, modelSpec } = PredictResponse.decode(Uint8Array.from(bytes))
    expect(outputs.get('y')).toMatchObject({ dtype: 9, int64Val: [-1n, 2n ** 60n] })
    expect(modelSpec).toEqual(spec({ versionChoice: { $case: 'version', value: 3n }, signatureName: 's' }))
  })

  it('reads back when it is larger than the first guess of its size', () => {
    const long = { dtype: 'string' as const, shape: [300], data: new Array<string>(300).fill('é'.repeat(99)) }
    const big = { dtype: 'float64' as const, shape: [5_000], data: new Float64Array(5_000).fill(0.1) }
    const outputs = new Map<string, Tensor>([
      ['long', long],
      ['big', big],
    ])
    const bytes = encodePredictAnswer(outputs, { model: 'm', version: 1, signatureName: '' })
    const decoded = PredictResponse.decode(bytes).outputs
    expect(decoded.get('big')?.doubleVal).toEqual([...big.data])
    expect(decoded.get('long')?.stringVal.map((one) => Buffer.from(one).toString())).toEqual(long.data)
  })
})

type Kind = NonNullable<
  NonNullable<Parameters<typeof Example.encode>[0]['features']>['feature'] extends Map<string, infer F>
    ? F
    : never
>['kind']

function example(features: Readonly<Record<string, Kind>>): Example {
  const feature = new Map(Object.entries(features).map(([name, kind]) => [name, { kind }] as const))
  return { features: { feature } }
}

const float = (...value: number[]): Kind => ({ $case: 'floatList', value: { value } })
const int64 = (...value: bigint[]): Kind => ({ $case: 'int64List', value: { value } })
const bytes = (...value: string[]): Kind => ({
  $case: 'bytesList',
  value: { value: value.map((text) => Buffer.from(text)) },
})

function examplesBytes(examples: readonly Example[], context?: Example): Uint8Array {
  return ClassificationRequest.encode({
    modelSpec: spec({ signatureName: 'c' }),
    input: {
      kind:
        context === undefined
          ? { $case: 'exampleList', value: { examples: [...examples] } }
          : { $case: 'exampleListWithContext', value: { examples: [...examples], context } },
    },
  }).finish()
}

/** A request with an input that was written before. */
function examplesBytesOf(input: Uint8Array): Uint8Array {
  const writer = new WireWriter()
  const model = writer.begin(1)
  writer.text(1, 'm')
  writer.end(model)
  writer.bytes(2, input)
  return writer.finish()
}

function plain(list: ReturnType<ExamplesCall['readExamples']>) {
  const one = (entry: Iterable<readonly [string, { kind: string; values: ArrayLike<unknown> }]>) =>
    Object.fromEntries(
      [...entry].map(([name, { kind, values }]) => [
        name,
        [
          kind,
          ...Array.from(values, (value) =>
            value instanceof Uint8Array ? Buffer.from(value).toString() : value,
          ),
        ],
      ]),
    )
  return { examples: list.examples.map(one), context: list.context && one(list.context) }
}

describe('ExamplesCall', () => {
  it('reads features of every kind, with and without a context; one without values is none', () => {
    const first = example({ f: float(1.5, -2), i: int64(-1n, 2n ** 62n), b: bytes('x', 'é'), none: float() })
    const call = new ExamplesCall(examplesBytes([first, example({})], example({ c: int64(3n) })))
    expect(call).toMatchObject({ model: 'm', signatureName: 'c' })
    expect(plain(call.readExamples(FREE))).toEqual({
      examples: [{ f: ['float', 1.5, -2], i: ['int64', -1n, 2n ** 62n], b: ['bytes', 'x', 'é'] }, {}],
      context: { c: ['int64', 3n] },
    })
    const alone = new ExamplesCall(examplesBytes([first]))
    expect(alone.readExamples(FREE).context).toBeUndefined()
  })

  it('joins lists of one kind, and of two kinds takes the last', () => {
    const [a, b] = [example({ f: float(1) }), example({ f: float(2) })]
    const plainOf = (...parts: readonly Uint8Array[]) =>
      plain(new ExamplesCall(examplesBytesOf(Buffer.concat(parts))).readExamples(FREE))
    const list = (one: Example) =>
      Input.encode({ kind: { $case: 'exampleList', value: { examples: [one] } } }).finish()
    const withContext = Input.encode({
      kind: { $case: 'exampleListWithContext', value: { examples: [b], context: example({ c: int64(1n) }) } },
    }).finish()
    const [ofA, ofB] = [{ f: ['float', 1] }, { f: ['float', 2] }]
    expect(plainOf(list(a), list(b))).toEqual({ examples: [ofA, ofB], context: undefined })
    expect(plainOf(list(a), withContext)).toEqual({ examples: [ofB], context: { c: ['int64', 1n] } })
    expect(plainOf(withContext, list(a))).toEqual({ examples: [ofA], context: undefined })
  })

  it('has no examples without an input', () => {
    const request = ClassificationRequest.encode({ modelSpec: spec(), input: undefined }).finish()
    expect(new ExamplesCall(request).readExamples(FREE).examples).toEqual([])
  })

  it('refuses more examples than may be held as objects', () => {
    // An empty example is two bytes.
    const list = Buffer.alloc(2 * 1_000_001)
    for (let at = 0; at < list.length; at += 2) list[at] = 0x0a
    const input = new WireWriter()
    input.bytes(1, list)
    const bytes = examplesBytesOf(input.finish())
    expect(mistakeIn(() => new ExamplesCall(bytes).readExamples(FREE))).toContain('request.too_large')
  })
})

const CLASSIFY = 'tensorflow/serving/classify'
const REGRESS = 'tensorflow/serving/regress'
const MAPPINGS = {
  c: { method: 'classify', scores: 'p' },
  r: { method: 'regress', value: 'v' },
  other: { method: 'regress', value: 'v', features: { x: 'renamed' } },
} as const

function multi(tasks: readonly (readonly [signature: string, method: string, model?: string])[]) {
  const request = MultiInferenceRequest.encode({
    tasks: tasks.map(([signatureName, methodName, name = 'm']) => ({
      modelSpec: spec({ signatureName, name }),
      methodName,
    })),
    input: undefined,
  })
  return new MultiInferenceCall(request.finish())
}

describe('MultiInferenceCall', () => {
  it('maps each task to its signature', () => {
    expect(
      multi([
        ['c', CLASSIFY],
        ['r', REGRESS],
      ]).mapped(MAPPINGS),
    ).toEqual([
      { signatureName: 'c', mapping: MAPPINGS.c },
      { signatureName: 'r', mapping: MAPPINGS.r },
    ])
  })

  it.each([
    [[], 'request.malformed: ModelSpec has no name specified.'],
    [[['c', CLASSIFY, '']], 'request.malformed: ModelSpec has no name specified.'],
    [
      [
        ['c', CLASSIFY],
        ['r', REGRESS, ''],
      ],
      'request.malformed: Found ModelSpec with an empty model name.',
    ],
    [
      [
        ['c', CLASSIFY],
        ['r', REGRESS, 'n'],
      ],
      'request.malformed: All ModelSpecs in a MultiInferenceRequest must access the same model name.',
    ],
    [
      [
        ['c', CLASSIFY],
        ['c', CLASSIFY],
      ],
      'request.malformed: Duplicate evaluation of signature: c',
    ],
    [[['z', CLASSIFY]], 'request.malformed: Requested signature not found in model graph: z'],
    [
      [['c', 'tensorflow/serving/predict']],
      'request.unsupported: Unsupported signature method_name: tensorflow/serving/predict',
    ],
    [
      [['r', CLASSIFY]],
      'request.malformed: Expected classification signature method_name to be tensorflow/serving/classify. Was: tensorflow/serving/regress',
    ],
    [
      [
        ['r', REGRESS],
        ['other', REGRESS],
      ],
      'request.malformed: Input tensor must be the same for all Signatures.',
    ],
  ] as const)('refuses %j', (tasks, message) => {
    expect(mistakeIn(() => multi(tasks).mapped(MAPPINGS))).toBe(message)
  })
})

describe('answers of examples', () => {
  const outputs = new Map([
    ['p', { dtype: 'float32' as const, shape: [2, 2], data: Float32Array.of(0.5, 0, -0, 1) }],
    ['v', { dtype: 'float32' as const, shape: [2, 1], data: Float32Array.of(0, 2.5) }],
  ])
  const answer = { outputs, classLabels: { p: ['no', ''] } }
  const by = { model: 'm', version: 2, signatureName: 'c' }
  const classes = [
    {
      classes: [
        { label: 'no', score: 0.5 },
        { label: '', score: 0 },
      ],
    },
    {
      classes: [
        { label: 'no', score: -0 },
        { label: '', score: 1 },
      ],
    },
  ]
  const model = spec({ versionChoice: { $case: 'version', value: 2n }, signatureName: 'c' })

  it('are classes and values, row by row', () => {
    expect(ClassificationResponse.decode(encodeExamplesAnswer(answer, MAPPINGS.c, by))).toEqual({
      result: { classifications: classes },
      modelSpec: model,
    })
    expect(RegressionResponse.decode(encodeExamplesAnswer(answer, MAPPINGS.r, by)).result).toEqual({
      regressions: [{ value: 0 }, { value: 2.5 }],
    })
  })

  it('are one result for each task', () => {
    const tasks = multi([
      ['c', CLASSIFY],
      ['r', REGRESS],
    ]).mapped(MAPPINGS)
    const { results } = MultiInferenceResponse.decode(encodeMultiInferenceAnswer(answer, tasks, by))
    expect(results).toEqual([
      { modelSpec: model, result: { $case: 'classificationResult', value: { classifications: classes } } },
      {
        modelSpec: { ...model, signatureName: 'r' },
        result: { $case: 'regressionResult', value: { regressions: [{ value: 0 }, { value: 2.5 }] } },
      },
    ])
  })
})

describe('texts', () => {
  const signature = {
    inputs: [
      { name: 'b', dtype: 'float32', shape: ['N'] },
      { name: 'a', dtype: 'float32', shape: ['N'] },
    ],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['N'] }],
  } as const

  it.each([
    [
      ['a', 'c', 'd'],
      undefined,
      'input size does not match signature: 3!=2 len({a,c,d}) != len({a,b}). Sent extra: {c,d}. Missing but required: {b}.',
    ],
    [
      [],
      undefined,
      'input size does not match signature: 0!=2 len({}) != len({a,b}). Sent extra: {}. Missing but required: {a,b}.',
    ],
    [
      ['a', 'c'],
      undefined,
      'input tensor alias not found in signature: c. Inputs expected to be in the set {a,b}.',
    ],
    [
      ['a', 'b'],
      ['z'],
      'output tensor alias not found in signature: z Outputs expected to be in the set {y}.',
    ],
    [['a', 'b'], ['y'], undefined],
  ])('of inputs %j and outputs %j', (inputs, outputs, text) => {
    expect(tensorNameMistake({ inputs, outputs }, signature)).toBe(text)
  })

  it('are those of TensorFlow Serving for versions that are not there', () => {
    const error = new PlatformError('serving.version_not_found', 'ours')
    const of = (selector: Parameters<typeof tfsErrorMessage>[1]) => tfsErrorMessage(error, selector)
    expect(of({ model: 'm', selector: { kind: 'live' } })).toBe('Servable not found for request: Latest(m)')
    expect(of({ model: 'm', selector: { kind: 'number', number: -3 } })).toBe(
      'Servable not found for request: Specific(m, -3)',
    )
    expect(of(undefined)).toBe('ours')
  })
})

describe('any bytes', () => {
  const seeds = [
    predictBytes({ outputFilter: ['y'] }),
    examplesBytes([example({ f: float(1), i: int64(5n), b: bytes('x') })], example({ c: float(2) })),
    MultiInferenceRequest.encode({
      tasks: [{ modelSpec: spec({ signatureName: 'c' }), methodName: CLASSIFY }],
      input: { kind: { $case: 'exampleList', value: { examples: [example({ f: float(1) })] } } },
    }).finish(),
  ]
  const flipped = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat(40))
    .map(([seed, flips, cut]) => {
      const copy = Uint8Array.from(seed)
      for (const [at, value] of flips) copy[at % copy.length] = value
      return copy.subarray(0, copy.length - (cut < 20 ? 0 : cut % copy.length))
    })
  const readers = [
    (message: Uint8Array) => new PredictCall(message).readTensors(FREE),
    (message: Uint8Array) => new ExamplesCall(message).readExamples(FREE),
    (message: Uint8Array) => {
      const call = new MultiInferenceCall(message)
      call.mapped(MAPPINGS)
      return call.readExamples(FREE)
    },
  ]

  it('give what they say or a registered error, from every reader', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), flipped), (message) => {
        for (const read of readers) {
          const outcome = mistakeIn(() => read(message))
          expect(outcome).toMatch(/^(accepted$|request\.(malformed|too_large|unsupported): )/)
        }
      }),
      { numRuns: 1_500 },
    )
  })
})
