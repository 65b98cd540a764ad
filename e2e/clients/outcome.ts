/** What a run of checks found: the names of those that held, and of those that did not with the reason. */
export interface Outcome {
  readonly passed: readonly string[]
  readonly failures: readonly string[]
}

/**
 * Reads the lines of a script of checks: `ok <name>`, `FAILED <name>: <reason>`, and `finished` at its end. A script that ended on the way
 * counts as one more failure.
 */
export function readOutcome(script: string, output: string): Outcome {
  const lines = output.split('\n')
  const after = (prefix: string) =>
    lines.filter((line) => line.startsWith(prefix)).map((line) => `${script}: ${line.slice(prefix.length)}`)
  const failures = after('FAILED ')
  if (!lines.includes('finished')) {
    const last = lines.filter((line) => line.trim() !== '').at(-1) ?? 'it said nothing'
    failures.push(`${script}: it ended on the way (${last.trim().slice(0, 300)})`)
  }
  return { passed: after('ok '), failures }
}
