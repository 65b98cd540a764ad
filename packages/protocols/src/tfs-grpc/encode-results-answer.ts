import type { NamedTensors, SignatureMapping } from '@understudy/core'
import { WIRE_TYPE } from '../grpc/wire-reader.ts'
import { WireWriter } from '../grpc/wire-writer.ts'
import { classificationsOf } from '../tfs/examples/classifications-of.ts'
import { regressionsOf } from '../tfs/examples/regressions-of.ts'
import type { MappedTask } from './decode-multi-inference.ts'
import { type AnsweredSpec, writeModelSpec } from './model-spec.ts'

const RESPONSE = { result: 1, spec: 2 } as const
const MULTI_RESULTS = 1
const MULTI = { spec: 1, classify: 2, regress: 3 } as const
const RESULT_ROWS = 1
const ROW_CLASSES = 1
const CLASS = { label: 1, score: 2 } as const
const REGRESSION_VALUE = 1

/** What answers of classify and regress calls are made of. */
export interface AnsweredExamples {
  readonly outputs: NamedTensors
  /** Names of classes by output. */
  readonly classLabels: Readonly<Record<string, readonly string[]>>
}

/**
 * Writes a `ClassificationResponse` or a `RegressionResponse`, as the mapping says.
 *
 * @throws PlatformError `request.malformed` when the outputs are not what the mapping says
 */
export function encodeExamplesAnswer(
  answer: AnsweredExamples,
  mapping: SignatureMapping,
  spec: AnsweredSpec,
): Uint8Array {
  const writer = new WireWriter()
  writeResult(writer, RESPONSE.result, answer, mapping)
  writeModelSpec(writer, RESPONSE.spec, spec)
  return writer.finish()
}

/** Writes a `MultiInferenceResponse`: a result for each task, in their order. @throws PlatformError `request.malformed` */
export function encodeMultiInferenceAnswer(
  answer: AnsweredExamples,
  tasks: readonly MappedTask[],
  answeredBy: Pick<AnsweredSpec, 'model' | 'version'>,
): Uint8Array {
  const writer = new WireWriter()
  for (const { signatureName, mapping } of tasks) {
    const result = writer.begin(MULTI_RESULTS)
    writeModelSpec(writer, MULTI.spec, { ...answeredBy, signatureName })
    writeResult(writer, MULTI[mapping.method], answer, mapping)
    writer.end(result)
  }
  return writer.finish()
}

function writeResult(
  writer: WireWriter,
  field: number,
  { outputs, classLabels }: AnsweredExamples,
  mapping: SignatureMapping,
): void {
  const result = writer.begin(field)
  if (mapping.method === 'regress') writeRegressions(writer, regressionsOf(outputs, mapping))
  else writeClassifications(writer, classificationsOf(outputs, mapping, classLabels))
  writer.end(result)
}

function writeRegressions(writer: WireWriter, values: readonly number[]): void {
  for (const value of values) {
    const row = writer.begin(RESULT_ROWS)
    writeFloat(writer, REGRESSION_VALUE, value)
    writer.end(row)
  }
}

function writeClassifications(writer: WireWriter, rows: ReturnType<typeof classificationsOf>): void {
  for (const classes of rows) {
    const row = writer.begin(RESULT_ROWS)
    for (const { label, score } of classes) {
      const one = writer.begin(ROW_CLASSES)
      if (label !== '') writer.text(CLASS.label, label)
      writeFloat(writer, CLASS.score, score)
      writer.end(one)
    }
    writer.end(row)
  }
}

/** Of zeros only the positive one is left out. */
function writeFloat(writer: WireWriter, field: number, value: number): void {
  if (Object.is(value, 0)) return
  writer.tag(field, WIRE_TYPE.bits32)
  writer.float32(value)
}
