/** How one learns that a child is ready: it logs a JSON line with `"event":"ready"`, or a probe resolves. */
export type Readiness =
  | { readonly kind: 'logLine' }
  | {
      readonly kind: 'probe'
      /** Resolves once the child is ready; gives up when the signal aborts. */
      readonly probe: (signal: AbortSignal) => Promise<void>
    }

/** One process that the platform consists of. */
export interface ChildSpec {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>
  readonly ready: Readiness
  /** Time from being asked to end until it is killed. */
  readonly stopWithinMs: number
  /** Runs before each start, restarts included. */
  readonly beforeStart?: (() => Promise<void>) | undefined
  /** Where its guard, if it has one, keeps the identity of the program it guards. */
  readonly identityFile?: string | undefined
}
