/** Something that the person at the terminal can mend: one sentence, without a stack. */
export class Failure extends Error {}

/** Runs `main`; a failure becomes one sentence and exit code 1. */
export async function runMain(main) {
  try {
    process.exit(await main())
  } catch (error) {
    process.stderr.write(`understudy: ${error instanceof Failure ? error.message : (error.stack ?? error)}\n`)
    process.exit(1)
  }
}
