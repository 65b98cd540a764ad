import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { ask, CliError } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'

/** `understudy audit verify`: recomputes the hash chain of the audit log. */
export function createCommand(context: CliContext): Command {
  return new Command('audit').description('the audit log').addCommand(
    new Command('verify').description('recompute the hash chain').action(async () => {
      const result = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        client.verifyAudit.query(),
      )
      if (!result.ok) throw new CliError(`The audit log is broken at entry ${result.seq}: ${result.problem}.`)
      context.write(`The audit log is whole: ${result.entries} entries, head ${result.head.slice(0, 16)}.\n`)
    }),
  )
}
