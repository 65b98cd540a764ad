import type { NamedTensors, SignatureMapping, Tensor } from '@understudy/core'
import { malformed } from '../element-errors.ts'
import { TENSORFLOW_TYPES } from '../type-names.ts'
import { namedOutput, scoreReader } from './score-reader.ts'

/** One class of one example. */
export interface Classification {
  readonly label: string
  /** A float32 value; 0 where the mapping has no scores. */
  readonly score: number
}

type ClassifyMapping = Extract<SignatureMapping, { method: 'classify' }>

interface Reader<T> {
  readonly rows: number
  readonly classes: number
  readonly at: (index: number) => T
}

function matrix<T>(tensor: Tensor, at: (index: number) => T): Reader<T> {
  const [rows, classes, ...further] = tensor.shape
  if (rows === undefined || classes === undefined || further.length > 0) {
    throw malformed(
      `Expected Tensor shape: [batch_size num_classes] but got [${tensor.shape.map(String).join(',')}]`,
    )
  }
  return { rows, classes, at }
}

function readLabels(tensor: Tensor): Reader<string> {
  const { dtype, data } = tensor
  if (dtype !== 'string' && !dtype.includes('int')) {
    throw malformed(`Expected classes Tensor of DT_STRING. Got: ${TENSORFLOW_TYPES[dtype].enumName}`)
  }
  return matrix(tensor, (index) => String(data[index] ?? ''))
}

/** Names of the classes of scores: those of `model.yaml`, else their index. */
function labelsOfScores(labels: readonly string[] | undefined, classes: number): (index: number) => string {
  if (labels !== undefined && labels.length !== classes) {
    throw malformed(`The model answers with ${classes} classes, but ${labels.length} labels are declared`)
  }
  return (index) => labels?.[index % classes] ?? String(index % classes)
}

/**
 * The classes of every example with their scores, in the order of the model's axis: nothing is sorted or left out.
 *
 * Labels are those of the classes output, else of `classLabels` for the scores, else the index of the class.
 * @throws PlatformError `request.malformed` when outputs are not `[N, classes]`, of another type, or do not fit each other
 */
export function classificationsOf(
  outputs: NamedTensors,
  mapping: ClassifyMapping,
  classLabels: Readonly<Record<string, readonly string[]>>,
): readonly (readonly Classification[])[] {
  const { scores: scoresName, classes: classesName } = mapping
  const named = classesName === undefined ? undefined : readLabels(namedOutput(outputs, classesName))
  const scored = scoresName === undefined ? undefined : readScores(namedOutput(outputs, scoresName))
  const size = scored ?? named
  if (size === undefined) throw malformed('The signature names neither classes nor scores')
  const { rows, classes } = size
  if (named !== undefined && (named.classes !== classes || named.rows !== rows)) {
    throw malformed(
      `Tensors class and score should match in dim_size(1). Got ${named.classes} vs. ${classes}`,
    )
  }
  const own =
    scoresName !== undefined && Object.hasOwn(classLabels, scoresName) ? classLabels[scoresName] : undefined
  const labelAt = named?.at ?? labelsOfScores(own, classes)
  const one = (index: number): Classification => ({ label: labelAt(index), score: scored?.at(index) ?? 0 })
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: classes }, (_, column) => one(row * classes + column)),
  )
}

function readScores(tensor: Tensor): Reader<number> {
  return matrix(tensor, scoreReader(tensor, 'Expected scores Tensor of DT_FLOAT.'))
}
