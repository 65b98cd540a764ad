/** Makes the bare repository that a person starts from; repeating it changes nothing. */
export type CreateModelsRepository = (options: {
  readonly path: string
  readonly templateDir: string
  readonly branch: string
  /** Folders of the template that stay out. */
  readonly exclude: readonly string[]
  readonly author: { readonly name: string; readonly email: string }
}) => Promise<unknown>
