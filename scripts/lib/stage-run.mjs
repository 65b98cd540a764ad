import { say, sayWhile } from './progress.mjs'

const OUTPUT_LINES = 80

/** Runs stages one after the other, shows what each of them found, and sums up at the end. What could not run counts as failed. */
export class StageRun {
  #results = []

  /** Runs one stage and shows what it found; says whether it is green. */
  async stage(name, work) {
    const started = performance.now()
    const result = await sayWhile(name, work)
    this.#results.push({ name, ...result })
    const seconds = ((performance.now() - started) / 1_000).toFixed(1)
    const failed = result.failures.length
    say(
      `${failed === 0 ? 'ok    ' : 'FAILED'} ${name}: ${result.passed} passed, ${failed} failed (${seconds} s)`,
    )
    if (failed > 0) process.stdout.write(`${lastLines(result.output)}\n`)
    return failed === 0
  }

  skip(name) {
    this.#results.push({ name, passed: 0, failures: [`${name}: it did not run, because the build failed`] })
  }

  /** Ends the output with `N passed, N failed` and gives the exit code. */
  report() {
    const passed = this.#results.reduce((sum, result) => sum + result.passed, 0)
    const failures = this.#results.flatMap((result) => result.failures)
    if (failures.length > 0)
      process.stdout.write(`\nFailed:\n${failures.map((name) => `  ${name}\n`).join('')}`)
    process.stdout.write(`\n${passed} passed, ${failures.length} failed\n`)
    return failures.length === 0 ? 0 : 1
  }
}

function lastLines(text) {
  return text.trimEnd().split('\n').slice(-OUTPUT_LINES).join('\n')
}
