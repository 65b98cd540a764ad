import { isPlatformError } from '@understudy/core'
import { externalLinearModel, linearModel, OnnxBuilder, OnnxGraph } from '@understudy/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readModelStructure } from './read-model-structure.ts'

function refusal(bytes: Uint8Array, limits = {}): { code: string; message: string } {
  try {
    readModelStructure(bytes, limits)
  } catch (error) {
    if (isPlatformError(error)) return { code: error.code, message: error.message }
    return { code: 'not a PlatformError', message: String(error) }
  }
  return { code: 'accepted', message: '' }
}

/** A model of one `Identity` node, to which a test adds what it is about. */
function identity(): OnnxBuilder {
  return new OnnxBuilder()
    .input('x', 'float32', ['N', 2])
    .output('y', 'float32', ['N', 2])
    .node('Identity', [['x'], ['y']])
}

describe('readModelStructure', () => {
  it('gives header, interface, initializers and operators', () => {
    const structure = readModelStructure(linearModel({ inputs: 4, outputs: 3 }))
    expect(structure).toMatchObject({
      irVersion: 8,
      producerName: 'understudy-testing',
      opsets: [{ domain: '', version: 17 }],
      inputs: [{ name: 'x', kind: 'tensor', elementType: 1, shape: ['N', 4] }],
      outputs: [{ name: 'y', kind: 'tensor', elementType: 1, shape: ['N', 3] }],
      initializerNames: ['W'],
      externalFiles: [],
      operators: [{ domain: '', operator: 'MatMul', count: 1 }],
    })
  })

  it('leaves out inputs that an initializer fills', () => {
    const data = Float32Array.of(1, 2)
    const model = identity()
      .input('w', 'float32', [2])
      .initializer('w', { dtype: 'float32', shape: [2], data })
    expect(readModelStructure(model.build()).inputs.map(({ name }) => name)).toEqual(['x'])
  })

  it('finds operators and external files inside subgraphs', () => {
    const body = new OnnxGraph('body')
      .output('z', 'float32', [2])
      .externalInitializer('w', { dtype: 'float32', shape: [2] }, { location: 'weights/inner.bin' })
      .node('Abs', [['w'], ['z']])
    const model = identity().node('If', [['c'], ['z']], { attributes: { then_branch: { graph: body } } })
    const structure = readModelStructure(model.build())
    expect(structure.externalFiles).toEqual(['weights/inner.bin'])
    expect(structure.operators.map(({ operator }) => operator)).toEqual(['Identity', 'Abs', 'If'])
  })
})

describe('a file that is no model is refused as onnx.not_a_model and says what it is', () => {
  const text = (content: string) => Buffer.from(content)
  it.each([
    ['0 bytes', text(''), 'empty (0 bytes)'],
    ['a text', text('hello, this is not a model\n'), 'text file'],
    [
      'an LFS pointer',
      text('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'),
      'Git LFS pointer',
    ],
    ['a ZIP', text('PK\x03\x04\x14\x00\x00\x00'), 'ZIP'],
    ['a model cut off', linearModel({ inputs: 100 }).subarray(0, 600), 'cut off'],
    ['a message without a graph', Uint8Array.of(8, 8), 'no graph'],
  ])('%s', (_what, bytes, words) => {
    const { code, message } = refusal(bytes)
    expect(code).toBe('onnx.not_a_model')
    expect(message).toContain(words)
  })
})

describe('a model that cannot be served is refused as onnx.unsupported and says why', () => {
  it.each([
    ['a bfloat16 input', identity().input('b', 'bfloat16', [1]), /^Input "b" is bfloat16; .* Put a Cast/],
    ['a complex output', identity().output('c', 'complex64', [1]), /^Output "c" is complex64; .* float32/],
    ['a sequence output', identity().sequenceOutput('s', 'float32'), /"s" is a sequence; .*"zipmap": False/],
    [
      'a map output',
      identity().mapOutput('m', 'int64', 'float32'),
      /^Output "m" is a map; .*"zipmap": False/,
    ],
    [
      'a custom operator',
      identity().node('Evil', [['x'], ['z']], { domain: 'com.evil' }),
      /domain "com.evil"/,
    ],
  ])('%s', (_what, model, words) => {
    const { code, message } = refusal(model.build())
    expect(code).toBe('onnx.unsupported')
    expect(message).toMatch(words)
  })

  it.each(['../w.bin', '/etc/passwd', 'a/../../w.bin', 'C:\\w.bin', '..\\w.bin', '\\\\host\\w', 'a\0b', ''])(
    'external data at %j',
    (location) => {
      expect(refusal(externalLinearModel(location, { inputs: 2, outputs: 2 }).model).code).toBe(
        'onnx.unsupported',
      )
    },
  )

  it('a file over the limit', () => {
    expect(refusal(linearModel(), { maxFileBytes: 10 }).code).toBe('onnx.unsupported')
  })

  it('graphs nested deeper than the limit', () => {
    let graph = new OnnxGraph().output('z', 'float32', [1])
    for (let i = 0; i < 20; i++) {
      graph = new OnnxGraph().node('If', [['c'], ['z']], { attributes: { then_branch: { graph } } })
    }
    const model = identity().node('If', [['c'], ['z']], { attributes: { then_branch: { graph } } })
    expect(refusal(model.build())).toMatchObject({ code: 'onnx.unsupported' })
  })
})

describe('hostile bytes', () => {
  const known = ['accepted', 'onnx.not_a_model', 'onnx.unsupported']

  it('end in an answer or one of the two codes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(known).toContain(refusal(bytes).code)
      }),
      { numRuns: 3_000 },
    )
  })

  it('end so too when a good model is damaged or cut', () => {
    const model = externalLinearModel('w.bin', { inputs: 3, outputs: 2 }).model
    const edits = fc.array(fc.tuple(fc.nat(model.length - 1), fc.integer({ min: 0, max: 255 })), {
      maxLength: 4,
    })
    fc.assert(
      fc.property(edits, fc.nat(model.length), (changes, end) => {
        const bytes = Uint8Array.from(model)
        for (const [at, value] of changes) bytes[at] = value
        expect(known).toContain(refusal(bytes.subarray(0, end)).code)
        expect(known).toContain(refusal(bytes).code)
      }),
      { numRuns: 2_000 },
    )
  })

  it('stop at the limit of fields', () => {
    const flood = new Uint8Array(2_000_000).fill(8) // two million times "field 1 is 8"
    expect(refusal(flood, { maxFields: 1_000 })).toMatchObject({ code: 'onnx.not_a_model' })
  })
})
