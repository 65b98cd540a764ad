/** A file of a form as it lies on disk; `path` is below the form's folder. */
export interface FormFile {
  readonly path: string
  readonly sha256: string
  readonly sizeBytes: number
}

/** What a form is made of: kept beside it, and enough to know later whether it is whole and still wanted. */
export interface FormManifest {
  readonly converterVersion: number
  /** The model digest of the version. */
  readonly digest: string
  readonly entryPoint: string
  readonly files: readonly FormFile[]
  /** Bytes of the weights that lie page-aligned outside the graph; 0 when there are none. */
  readonly weightsBytes: number
  /** Whether an executor can map the weights and share them with others. */
  readonly mappable: boolean
  /** Why the model keeps the form it came in, when it could not be converted. */
  readonly plainReason: string | null
}
