/** Values of one feature, as TensorFlow's `Feature` holds them. Text stands for its UTF-8 bytes. */
export type Feature =
  | { readonly kind: 'float'; readonly values: ArrayLike<number> }
  | { readonly kind: 'int64'; readonly values: ArrayLike<bigint> }
  | { readonly kind: 'bytes'; readonly values: ArrayLike<Uint8Array | string> }

/** Features by name, as TensorFlow's `Example` holds them. A feature without values is left out. */
export type Example = ReadonlyMap<string, Feature>

/** The examples of one request, a row of every input each. */
export interface ExampleList {
  readonly examples: readonly Example[]
  /** Features that belong to every example. */
  readonly context?: Example | undefined
}
