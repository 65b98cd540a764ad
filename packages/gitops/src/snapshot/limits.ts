const KIB = 1024
const MIB = 1024 * KIB
const GIB = 1024 * MIB

/** Bounds of a repository. What exceeds one becomes a problem of the model or version; it never stops the others. */
export const SNAPSHOT_LIMITS = {
  maxModels: 1_000,
  maxVersionsPerModel: 10_000,
  /** Serving, golden and descriptive files together. */
  maxFilesPerVersion: 1_024,
  /** `model.onnx` itself: a protobuf message cannot be larger. Weights beside it may be. */
  maxModelFileBytes: 2 * GIB,
  maxServingFileBytes: 16 * GIB,
  maxServingBytes: 64 * GIB,
  maxGoldenFiles: 64,
  maxGoldenFileBytes: 8 * MIB,
  maxGoldenBytes: 64 * MIB,
  maxMetaFileBytes: MIB,
  maxConfigBytes: 64 * KIB,
  /** Reported per model; there may be more. */
  maxProblems: 50,
} as const

/** The file that is loaded first. */
export const ENTRY_POINT = 'model.onnx'
/** What a version says of itself besides its bytes. */
export const NOTES_FILE = 'version.yaml'
