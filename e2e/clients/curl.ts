import { spawnSync } from 'node:child_process'
import type { Outcome } from './outcome.ts'
import type { Target } from './passes.ts'

interface Call {
  readonly path: string
  /** A body makes it a POST. */
  readonly body?: string
  readonly args?: readonly string[]
  /** With the API key of the target. @defaultValue true */
  readonly withKey?: boolean
}

type Expected = readonly [status: number, body: string | RegExp]

/** Calls with exactly what must come back, as a person would try them out. */
const CHECKS: readonly (readonly [name: string, call: Call, ...Expected])[] = [
  [
    'predict by rows',
    { path: '/v1/models/half:predict', body: '{"instances": [2.0, 4.0, 5]}' },
    ...([200, '{"predictions":[4.0,5.0,5.5]}'] as const),
  ],
  [
    'predict by columns',
    { path: '/v1/models/half:predict', body: '{"inputs": {"x": [2.0, 4.0]}}' },
    ...([200, '{"outputs":[4.0,5.0]}'] as const),
  ],
  [
    'predict with a version, in any case',
    { path: '/V1/MODELS/half/VERSIONS/1:PREDICT', body: '{"instances": [2.0]}' },
    ...([200, '{"predictions":[3.0]}'] as const),
  ],
  [
    'predict with a label',
    { path: '/v1/models/half/labels/stable:predict', body: '{"instances": [2.0]}' },
    ...([200, '{"predictions":[3.0]}'] as const),
  ],
  [
    'predict with several inputs',
    { path: '/v1/models/pair:predict', body: '{"instances": [{"a": [1, 2], "b": [10, 20]}]}' },
    ...([200, '{"predictions":[{"sum":[11.0,22.0],"difference":[-9.0,-18.0]}]}'] as const),
  ],
  [
    'floats as TensorFlow Serving writes them',
    { path: '/v1/models/id-float32:predict', body: '{"instances": [[1e-5, 9000000], [NaN, -Infinity]]}' },
    ...([200, '{"predictions":[[1e-05,9e+06],[NaN,-Infinity]]}'] as const),
  ],
  [
    'integers beyond 2^53',
    {
      path: '/v1/models/id-int64:predict',
      body: '{"instances": [[9007199254740993, -9223372036854775808]]}',
    },
    ...([200, '{"predictions":[[9007199254740993,-9223372036854775808]]}'] as const),
  ],
  [
    'texts as b64',
    { path: '/v1/models/id-string:predict', body: '{"instances": [[{"b64": "aGVsbG8="}, "ä"]]}' },
    ...([200, '{"predictions":[["hello","ä"]]}'] as const),
  ],
  [
    'classify',
    { path: '/v1/models/pets:classify', body: '{"examples": [{"f": [0.25, 0.5, 9.0]}]}' },
    ...([200, '{"results":[[["cat",0.25],["dog",0.5]]]}'] as const),
  ],
  [
    'regress',
    { path: '/v1/models/pets:regress', body: '{"examples": [{"f": [0.25, 0.5, 9.0]}]}' },
    ...([200, '{"results":[9.75]}'] as const),
  ],
  [
    'status',
    { path: '/v1/models/half/versions/1' },
    ...([200, /"version": "1",\s+"state": "AVAILABLE"/] as const),
  ],
  ['metadata', { path: '/v1/models/half/metadata' }, ...([200, /"dtype": "DT_FLOAT"/] as const)],
  [
    'unknown model',
    { path: '/v1/models/nothing:predict', body: '{"instances": [1]}' },
    ...([404, /Servable not found for request: Latest\(nothing\)/] as const),
  ],
  [
    'broken JSON',
    { path: '/v1/models/half:predict', body: '{"instances": [1' },
    ...([400, /JSON Parse error/] as const),
  ],
  [
    'infer',
    {
      path: '/v2/models/half/infer',
      body: '{"id":"7","inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[2,4]}]}',
    },
    ...([
      200,
      '{"id":"7","model_name":"half","model_version":"2","outputs":[{"name":"y","datatype":"FP32","shape":[2],"data":[4.0,5.0]}]}',
    ] as const),
  ],
  ['live', { path: '/v2/health/live', withKey: false }, 200, '{"live":true}'],
  ['ready', { path: '/v2/health/ready', withKey: false }, 200, '{"ready":true}'],
  ['model is ready', { path: '/v2/models/half/ready' }, 200, '{"name":"half","ready":true}'],
  [
    'load is refused',
    { path: '/v2/repository/models/half/load', body: '{}' },
    503,
    /the Git repository decides/,
  ],
  ['metrics', { path: '/metrics', withKey: false }, 200, /understudy_requests_total/],
  ['the document', { path: '/openapi.json', withKey: false }, 200, /"openapi":"3\.1\.0"/],
  [
    'an answer that is compressed',
    {
      path: '/v2/models/half/infer',
      body: '{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[2,4]}]}',
      args: ['--compressed'],
    },
    ...([200, /"data":\[4\.0,5\.0\]/] as const),
  ],
]

/** What is not answered without an API key. */
const KEY_CHECKS: typeof CHECKS = [
  [
    'predict without a key',
    { path: '/v1/models/half:predict', body: '{"instances": [1]}', withKey: false },
    ...([401, /"error"/] as const),
  ],
  [
    'infer without a key',
    { path: '/v2/models/half/infer', body: '{"inputs":[]}', withKey: false },
    ...([401, /"error"/] as const),
  ],
]

/** Asks with the program `curl`. */
export function runCurl(target: Target): Outcome {
  const passed: string[] = []
  const failures: string[] = []
  for (const [name, call, status, body] of [...CHECKS, ...(target.key === null ? [] : KEY_CHECKS)]) {
    const answer = curl(target, call)
    const isRight =
      answer.status === status && (typeof body === 'string' ? answer.body === body : body.test(answer.body))
    if (isRight) passed.push(`curl: ${name}`)
    else
      failures.push(`curl: ${name}: expected ${status} ${body}, and it was ${answer.status} ${answer.body}`)
  }
  return { passed, failures }
}

function curl(target: Target, { path, body, args = [], withKey = true }: Call) {
  const scheme = target.caFile === null ? 'http' : 'https'
  const { stdout, stderr } = spawnSync(
    'curl',
    [
      ...['--silent', '--show-error', '--max-time', '30', '--write-out', '\n%{http_code}'],
      ...(target.caFile === null ? [] : ['--cacert', target.caFile]),
      ...(target.key === null || !withKey ? [] : ['--header', `Authorization: Bearer ${target.key}`]),
      ...(body === undefined ? [] : ['--data-binary', body]),
      ...args,
      `${scheme}://${target.host}:${target.restPort}${path}`,
    ],
    { encoding: 'utf8' },
  )
  const [, text = '', status = '0'] = /^([\s\S]*)\n(\d+)$/.exec(stdout ?? '') ?? []
  return { status: Number(status), body: text === '' ? (stderr ?? '') : text }
}
