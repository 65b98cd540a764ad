/** A file of a version and where its bytes lie in the artifact store. */
export interface FormInput {
  readonly path: string
  readonly sha256: string
  readonly sizeBytes: number
  readonly objectPath: string
}

/** A version whose form is wanted. */
export interface FormRequest {
  readonly digest: string
  /** Path of the model among `files`. */
  readonly entryPoint: string
  /** Paths have been checked: they stay below any folder. */
  readonly files: readonly FormInput[]
}
