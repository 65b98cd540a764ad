import type { Dimension } from '@understudy/core'

/** Type of a graph input or output as the model declares it. */
export interface DeclaredValue {
  readonly name: string
  /** Only `tensor` is served. */
  readonly kind: 'tensor' | 'sequence' | 'map' | 'sparseTensor' | 'optional' | 'unknown'
  /** `TensorProto.DataType` of a tensor; 0 when it is not given. */
  readonly elementType: number
  /** Undefined when the model gives no shape. */
  readonly shape: readonly Dimension[] | undefined
}

interface OperatorUse {
  readonly domain: string
  readonly operator: string
  readonly count: number
}

/** What can be known of a model without running anything: its header, interface, operators and external files. */
export interface ModelStructure {
  readonly irVersion: number
  readonly producerName: string
  readonly producerVersion: string
  readonly opsets: readonly { readonly domain: string; readonly version: number }[]
  /** Inputs a caller must send: those that an initializer fills are left out. */
  readonly inputs: readonly DeclaredValue[]
  readonly outputs: readonly DeclaredValue[]
  readonly initializerNames: readonly string[]
  /** Paths of the files that hold weights, relative to the model, each once. */
  readonly externalFiles: readonly string[]
  /** Of the graph, its subgraphs and the model's own functions. */
  readonly operators: readonly OperatorUse[]
  /** Operators that the model brings along as functions, as `domain:name`. */
  readonly functions: readonly string[]
}
