import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { versionArgument } from '../control/arguments.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'

/** `understudy rollback <model>`: the previous version answers again; the one taken off is withdrawn. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('rollback')
    .description('let the previous version answer again and withdraw the live one')
    .argument('<model>')
    .option(
      '--from <version>',
      'the version to take off; nothing happens when it is not live any more',
      versionArgument,
    )
    .option(
      '--reason <text>',
      '3 to 500 characters, kept in the audit log',
      'rolled back from the command line',
    )
    .action(async (model: string, options: { from?: number; reason: string }) => {
      const result = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        client.rollback.mutate({ model, from: options.from, reason: options.reason }),
      )
      context.write(`${result.sentence}\n`)
    })
}
