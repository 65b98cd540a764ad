import type { NamedTensors, VersionSelector } from '@understudy/core'
import type { AnswerForm } from '../oip/infer-request.ts'

/** One `ModelInfer`, read. */
export interface InferCall {
  readonly model: string
  /** Undefined when the message names no version. */
  readonly selector: VersionSelector | undefined
  readonly inputs: NamedTensors
  readonly form: AnswerForm
  /** Budget that the message names, in milliseconds. */
  readonly timeoutMs: number | undefined
}
