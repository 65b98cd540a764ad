import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { versionArgument } from '../control/arguments.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'

/** `understudy rehearse <model> <version>`: a shadow with a verdict and without a promotion. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('rehearse')
    .description('try a version in shadow only: it gets its verdict and does not go live')
    .argument('<model>')
    .argument('<version>', 'a validated version', versionArgument)
    .action(async (model: string, version: number) => {
      const result = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        client.rehearse.mutate({ model, version }),
      )
      context.write(`${result.sentence}\n`)
    })
}
