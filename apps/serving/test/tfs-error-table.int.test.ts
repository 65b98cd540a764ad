import type { Signature, Tensor } from '@understudy/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RestFixture, startRest } from './rest-fixture.ts'

/** A model with one input of half floats, and models whose outputs have no rows in common. */
function addModels({ predictor }: RestFixture): void {
  const one: Signature = { inputs: [{ name: 'x', dtype: 'float32', shape: ['N'] }], outputs: [] }
  const halves: Signature = { inputs: [{ name: 'x', dtype: 'float16', shape: ['N'] }], outputs: [] }
  const floats = (...shape: number[]): Tensor => ({
    ...{ dtype: 'float32' as const, shape },
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
  })
  predictor.added.set('halves', { signature: halves, outputs: new Map() })
  predictor.added.set('scalar', { signature: one, outputs: new Map([['y', floats()]]) })
  const uneven = new Map([
    ['a', floats(2)],
    ['b', floats(3)],
  ])
  predictor.added.set('uneven', { signature: one, outputs: uneven })
}

let rest: RestFixture
beforeAll(async () => {
  rest = await startRest()
  addModels(rest)
})
afterAll(() => rest[Symbol.asyncDispose]())

async function answer(method: string, path: string, body?: string) {
  const response = await fetch(rest.url + path, { method, ...(body === undefined ? {} : { body }) })
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    cors: response.headers.get('access-control-allow-origin'),
    text: await response.text(),
  }
}

const half = '/v1/models/half:predict'
const echo = '/v1/models/echo:predict'
const ROW = "of 'instances' list. Error: INVALID_ARGUMENT:"

/** Every situation with TensorFlow Serving's status and sentence; what is in brackets behind it is ours. */
const TABLE: readonly (readonly [string, string, string, string | undefined, number, string])[] = [
  ['a path that is none', 'POST', '/v1/foo', '{}', 400, 'Malformed request: POST /v1/foo'],
  ['an empty path', 'GET', '/v1/', undefined, 400, 'Malformed request: GET /v1/'],
  [
    'another method',
    'DELETE',
    '/v1/models/half',
    undefined,
    400,
    'Malformed request: DELETE /v1/models/half',
  ],
  ['a preflight', 'OPTIONS', half, undefined, 400, `Malformed request: OPTIONS ${half}`],
  ['no model name', 'GET', '/v1/models', undefined, 400, 'Missing model name in request.'],
  [
    'no model name, with a version',
    'GET',
    '/v1/Models/Versions/1',
    undefined,
    400,
    'Missing model name in request.',
  ],
  [
    'an unknown model',
    'POST',
    '/v1/models/no:predict',
    '{}',
    404,
    'Servable not found for request: Latest(no)',
  ],
  [
    'an unknown model in metadata',
    'GET',
    '/v1/models/no/metadata',
    undefined,
    404,
    'Servable not found for request: Latest(no)',
  ],
  [
    'an unknown version',
    'POST',
    '/v1/models/half/versions/99:predict',
    '{}',
    404,
    'Servable not found for request: Specific(half, 99)',
  ],
  [
    'the largest version',
    'POST',
    '/v1/models/half/versions/9223372036854775807:regress',
    '{}',
    404,
    'Servable not found for request: Specific(half, 9223372036854775807)',
  ],
  [
    'the status of an unknown version',
    'GET',
    '/v1/models/half/versions/09',
    undefined,
    404,
    'Could not find version 9 of model half',
  ],
  [
    'the status of the largest version',
    'GET',
    '/v1/models/half/versions/9223372036854775807',
    undefined,
    404,
    'Could not find version 9223372036854775807 of model half',
  ],
  [
    'the status of an unknown model',
    'GET',
    '/v1/models/no',
    undefined,
    404,
    'Could not find any versions of model no',
  ],
  [
    'an unknown label',
    'POST',
    '/v1/models/half/labels/a%20b:predict',
    '{}',
    400,
    'Unrecognized servable version label: a b',
  ],
  [
    'a version beyond int64',
    'POST',
    '/v1/models/half/versions/9223372036854775808:predict',
    '{}',
    400,
    'Failed to convert version: 9223372036854775808 to numeric.',
  ],
  ['an empty body', 'POST', half, '', 400, 'JSON Parse error: The document is empty'],
  [
    'a body that is no JSON',
    'POST',
    half,
    '{"instances": [1, @]}',
    400,
    'JSON Parse error: Invalid value. at offset: 18',
  ],
  ['a body that is no object', 'POST', half, '[1]', 400, 'JSON Value: [1] Is not object'],
  ['neither key', 'POST', half, '{"x": 1}', 400, "Missing 'inputs' or 'instances' key"],
  [
    'both keys',
    'POST',
    half,
    '{"inputs": [1], "instances": [1]}',
    400,
    "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist",
  ],
  [
    'a signature that is no text',
    'POST',
    half,
    '{"signature_name": 1, "inputs": [1]}',
    400,
    "'signature_name' key must be a string value.",
  ],
  [
    'an unknown signature',
    'POST',
    half,
    '{"signature_name": "x", "inputs": [1]}',
    400,
    'Serving signature name: "x" not found in signature def',
  ],
  [
    'a wrong scalar type',
    'POST',
    half,
    '{"inputs": ["abc"]}',
    400,
    'JSON Value: "abc" Type: String is not of expected type: float (input x: float32 [N])',
  ],
  [
    'a number with a point for an integer',
    'POST',
    echo,
    '{"inputs": {"id": [1.0], "tag": ["a"]}}',
    400,
    'JSON Value: 1.0 Type: Number is not of expected type: int64 (input id: int64 [N])',
  ],
  [
    'half floats by column',
    'POST',
    '/v1/models/halves:predict',
    '{"inputs": [1.5]}',
    501,
    'Conversion of JSON Value: 1.5 to type: half (input x: float16 [N])',
  ],
  [
    'half floats by row',
    'POST',
    '/v1/models/halves:predict',
    '{"instances": [1.5]}',
    501,
    'Conversion of JSON Value: 1.5 to type: half (input x: float16 [N])',
  ],
  [
    'a bad row',
    'POST',
    half,
    '{"instances": [1, true]}',
    400,
    `Failed to process element: 1 ${ROW} JSON Value: true Type: True is not of expected type: float (input x: float32 [N])`,
  ],
  [
    'a bad value of a row',
    'POST',
    echo,
    '{"instances": [{"id": 1, "tag": null}]}',
    400,
    `Failed to process element: 0 key: tag ${ROW} JSON Value: null Type: Null is not of expected type: string (input tag: string [N])`,
  ],
  [
    'a row that misses an input',
    'POST',
    echo,
    '{"instances": [{"id": 1}]}',
    400,
    `Failed to process element: 0 of 'instances' list. JSON object: {"id":1} keys must be equal to: id,tag`,
  ],
  [
    'a row with another input',
    'POST',
    echo,
    '{"instances": [{"id": 1, "tag": "a", "z": 1}]}',
    400,
    `Failed to process element: 0 key: z ${ROW} JSON object: does not have named input: z`,
  ],
  [
    'columns that miss an input',
    'POST',
    echo,
    '{"inputs": {"id": [1]}}',
    400,
    "Missing named input: tag in 'inputs' object.",
  ],
  [
    'instances that are no list',
    'POST',
    half,
    '{"instances": {"x": 1}}',
    400,
    "Expecting 'instances' to be an list/array",
  ],
  ['no instances', 'POST', half, '{"instances": []}', 400, "No values in 'instances' array"],
  [
    'plain rows for several inputs',
    'POST',
    echo,
    '{"instances": [1]}',
    400,
    'instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map',
  ],
  [
    'a plain value for several inputs',
    'POST',
    echo,
    '{"inputs": [1]}',
    400,
    'inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map',
  ],
  [
    'rows asked of an output without rows',
    'POST',
    '/v1/models/scalar:predict',
    '{"instances": [1]}',
    400,
    'Tensor name: y has no shape information',
  ],
  [
    'rows asked of outputs that differ in them',
    'POST',
    '/v1/models/uneven:predict',
    '{"instances": [1]}',
    400,
    'Tensor name: b has inconsistent batch size: 3 expecting: 2',
  ],
]

describe('errors of the TensorFlow Serving API', () => {
  it.each(TABLE)('%s: %s %s', async (_situation, method, path, body, status, error) => {
    const { text, ...head } = await answer(method, path, body)
    expect(head).toEqual({ status, type: 'application/json', cors: null })
    expect(text).toBe(`{ "error": ${JSON.stringify(error)} }`)
  })
})

describe('what the TensorFlow Serving API forgives', () => {
  it.each([
    [
      'paths in any case',
      '/V1/MODELS/half/VERSIONS/1:PREDICT',
      '{"instances": [1]}',
      '{"predictions":[2.5]}',
    ],
    [
      'encoded names and labels',
      '/v1/models/%68alf/labels/l%69ve:predict',
      '{"inputs": [1]}',
      '{"outputs":[2.5]}',
    ],
    ['bytes behind the document', half, '{"instances": [1]} }] more', '{"predictions":[2.5]}'],
    [
      'members twice, of which the first counts',
      half,
      '{"inputs": [1], "inputs": [2], "more": 1}',
      '{"outputs":[2.5]}',
    ],
    [
      'members of a row twice',
      echo,
      '{"instances": [{"id": 1, "tag": "a:b", "tag": "c"}]}',
      '{"predictions":[{"id":1,"tag":"a:b","score":NaN}]}',
    ],
    [
      'members of columns twice, one written with an escape',
      echo,
      '{"inputs": {"id": [1], "tag": ["a"], "t\\u0061g": ["c"]}}',
      '{"outputs":{"id":[1],"tag":["a"],"score":[NaN]}}',
    ],
    [
      'bare NaN and Infinity',
      half,
      '{"instances": [NaN, Infinity, -Infinity]}',
      '{"predictions":[NaN,Infinity,-Infinity]}',
    ],
    [
      'long integers, to the last digit',
      echo,
      '{"instances": [{"id": -9223372036854775808, "tag": ""}, {"id": 9007199254740993, "tag": ""}]}',
      '{"predictions":[{"id":-9223372036854775808,"tag":"","score":NaN},{"id":9007199254740993,"tag":"","score":NaN}]}',
    ],
    [
      'integers beyond 64 bits, which it reads as floats',
      half,
      '{"instances": [200000000000000000000]}',
      '{"predictions":[1e+20]}',
    ],
    [
      'the name of the default signature',
      half,
      '{"signature_name": "serving_default", "inputs": [1]}',
      '{"outputs":[2.5]}',
    ],
    ['an empty name of a signature', half, '{"signature_name": "", "inputs": [1]}', '{"outputs":[2.5]}'],
  ])('%s', async (_what, path, body, expected) => {
    const { status, text } = await answer('POST', path, body)
    expect([status, text]).toEqual([200, expected])
  })

  it('a label in the path of the status, which lists all versions', async () => {
    const { status, text } = await answer('GET', '/v1/models/half/labels/no')
    expect(status).toBe(200)
    expect(JSON.parse(text).model_version_status).toHaveLength(3)
  })
})
