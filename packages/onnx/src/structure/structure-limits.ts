/** How much of a model's structure is looked at before it is refused. Weights are stepped over and do not count. */
export interface StructureLimits {
  /** Size of the model file. */
  readonly maxFileBytes: number
  /** Fields read of all messages together: the bound of time. */
  readonly maxFields: number
  /** Nesting of subgraphs in control-flow nodes. */
  readonly maxGraphDepth: number
  /** Length of one name. */
  readonly maxNameBytes: number
  readonly maxInputs: number
  readonly maxOutputs: number
  readonly maxRank: number
}

/** 2 GiB is where protobuf itself ends; larger models carry external data. */
export const DEFAULT_STRUCTURE_LIMITS: StructureLimits = {
  maxFileBytes: 2 * 1024 ** 3,
  maxFields: 5_000_000,
  maxGraphDepth: 16,
  maxNameBytes: 4_096,
  maxInputs: 1_024,
  maxOutputs: 1_024,
  maxRank: 32,
}
