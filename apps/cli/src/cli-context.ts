/** What every verb gets from the process. */
export interface CliContext {
  /** The repository that this program was built in. */
  readonly root: string
  /** Writes to standard output. */
  readonly write: (text: string) => void
}
