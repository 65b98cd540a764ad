import type { OutputComparison, PlatformError, RuntimeConfig, Signature } from '@understudy/core'

/** A golden sample file whose form has been checked. Its values are read by the signature, which only a load tells. */
export interface GoldenText {
  /** Below the version directory: `golden/samples.json`. */
  readonly path: string
  /** JSON text. */
  readonly content: string
}

export interface QuarantineInput {
  /** The model beside its weights, in a directory of its own, read-only. */
  readonly modelPath: string
  readonly golden: readonly GoldenText[]
  readonly runtime: RuntimeConfig
}

export type QuarantineReport =
  | {
      readonly ok: true
      readonly signature: Signature
      /** Proved: rows alone, stacked and permuted agree. */
      readonly batchable: boolean
      readonly loadMs: number
      readonly memoryBytes: number
      /** How each output would be compared if nobody said: from its name and type, and from golden samples. */
      readonly comparisons: Readonly<Record<string, OutputComparison>>
    }
  | { readonly ok: false; readonly reasons: readonly PlatformError[] }

/** Loads an untrusted model in a throw-away process with limits. A model that crashes, hangs or lies gives reasons, not a rejection. */
export interface QuarantinePort {
  run(input: QuarantineInput, signal?: AbortSignal): Promise<QuarantineReport>
}
