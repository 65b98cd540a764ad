import { spawnSync } from 'node:child_process'
import type { Outcome } from './outcome.ts'
import type { Target } from './passes.ts'

/** Asks with the program `grpcurl`, which learns from server reflection what to say. */
export function runGrpcurl(program: string, target: Target): Outcome {
  const passed: string[] = []
  const failures: string[] = []
  const check = (name: string, args: readonly string[], expected: RegExp) => {
    const output = grpcurl(program, target, args)
    if (expected.test(output)) passed.push(`grpcurl: ${name}`)
    else failures.push(`grpcurl: ${name}: expected ${expected}, and it was ${output}`)
  }
  const service = 'inference.GRPCInferenceService'
  check('list', ['list'], /inference\.GRPCInferenceService[\s\S]*tensorflow\.serving\.PredictionService/)
  check('describe', ['describe', 'tensorflow.serving.PredictionService'], /rpc MultiInference/)
  check('ModelReady', [`${service}/ModelReady`], /"ready": true/)
  check('health', ['grpc.health.v1.Health/Check'], /"SERVING"/)
  const floats = { dtype: 'DT_FLOAT', tensorShape: { dim: [{ size: 2 }] }, floatVal: [2, 4] }
  const predict = JSON.stringify({ modelSpec: { name: 'half' }, inputs: { x: floats } })
  check('Predict', ['-d', predict, 'tensorflow.serving.PredictionService/Predict'], /"outputs"/)
  return { passed, failures }
}

const DEFAULT_DATA: Readonly<Record<string, string>> = {
  'inference.GRPCInferenceService/ModelReady': '{"name":"half"}',
}

function grpcurl(program: string, target: Target, args: readonly string[]): string {
  const last = args.at(-1) ?? ''
  const data = DEFAULT_DATA[last]
  const isWord = last === 'list'
  const address = `${target.host}:${target.grpcPort}`
  // The address comes before the word that is asked for, and after every flag.
  const [flags, words] = args[0] === 'describe' || isWord ? [[], args] : [args.slice(0, -1), args.slice(-1)]
  const { stdout, stderr } = spawnSync(
    program,
    [
      ...(target.caFile === null ? ['-plaintext'] : ['-cacert', target.caFile]),
      ...(target.key === null ? [] : ['-H', `authorization: Bearer ${target.key}`]),
      ...['-max-time', '30'],
      ...flags,
      ...(data === undefined ? [] : ['-d', data]),
      address,
      ...words,
    ],
    { encoding: 'utf8' },
  )
  return `${stdout}${stderr}`.trim()
}
