import type { ErrorCode } from '@understudy/core'
import type { FormRequest } from '@understudy/onnx/forms'
import type { VersionRecord } from './version-record.ts'

/** What the worker shall do: make a version folder, or say whether one still holds the bytes that were verified. */
export type IngestTask =
  | {
      readonly kind: 'ingest'
      readonly folder: string
      /** Name of the unfinished folder, of the caller's choosing so that the caller can tell it from leftovers. */
      readonly temporary: string
      readonly request: FormRequest
    }
  | { readonly kind: 'verify'; readonly directory: string; readonly record: VersionRecord }

export interface IngestAnswers {
  readonly ingest: VersionRecord
  readonly verify: boolean
}

/** To the worker. */
export interface IngestCall {
  readonly id: number
  readonly task: IngestTask
}

/** An error as it travels between threads. */
export interface IngestFailure {
  readonly code: ErrorCode
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

/** From the worker. */
export type IngestReply =
  | { readonly id: number; readonly answer: IngestAnswers[keyof IngestAnswers] }
  | { readonly id: number; readonly failure: IngestFailure }
