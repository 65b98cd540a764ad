import type { DType, NamedTensors, TensorData } from '@understudy/core'

/** One output as a request asks for it. */
export interface RequestedOutput {
  readonly name: string
  /** Undefined: as the request says for all. */
  readonly isBinary: boolean | undefined
  /** Above 0: the best so many classes as strings, instead of the tensor. */
  readonly classCount: number
}

/** How the answer is to be written. */
export interface AnswerForm {
  /** Empty when the request has none. */
  readonly id: string
  /** Undefined: all, in the order of the signature. */
  readonly outputs: readonly RequestedOutput[] | undefined
  /** For outputs that do not say. */
  readonly isBinary: boolean
}

/** One request of `infer`, read. */
export interface InferRequest {
  readonly inputs: NamedTensors
  readonly form: AnswerForm
  /** Budget that the request names, in milliseconds. */
  readonly timeoutMs: number | undefined
}

/** One input as the JSON of a request declares it: with its data, or with the size of what follows the JSON. */
export interface DeclaredInput {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: TensorData | undefined
  readonly binarySizeBytes: number | undefined
}

/** What the JSON of a request says. */
export interface InferDocument {
  readonly inputs: readonly DeclaredInput[]
  readonly form: AnswerForm
  readonly timeoutMs: number | undefined
}
