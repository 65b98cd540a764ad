/** One step of ending a program: a signal, and how long to wait for its effect. SIGKILL follows the last one. */
export interface EndStep {
  readonly signal: NodeJS.Signals
  readonly waitMs: number
}

/** A program that knows nothing of parent pipes, and how it is to be run and ended. */
export interface GuardedProgram {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The account to run as; undefined keeps our own. */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined
  readonly endSteps: readonly EndStep[]
  /** Where the guard keeps the identity of the program while it runs, for whoever finds both killed. */
  readonly identityFile?: string | undefined
}

/** The command line that runs `program` under the guard that `guard` starts (a program and its first arguments). */
export function guardedCommand(guard: readonly string[], program: GuardedProgram): string[] {
  return [...guard, JSON.stringify(program)]
}

/** Reads what {@link guardedCommand} wrote; it comes from our own parent and is not checked further. */
export function parseGuardedProgram(text: string | undefined): GuardedProgram {
  if (text === undefined) throw new TypeError('the guard needs the program to run as its one argument')
  return JSON.parse(text)
}
