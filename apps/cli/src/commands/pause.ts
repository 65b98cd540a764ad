import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'

/** `understudy pause <model>`: stops the open rollout where it is; what is live is not touched. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('pause')
    .description('stop the open rollout where it is, until it is resumed')
    .argument('<model>')
    .option('--reason <text>', '3 to 500 characters, kept in the audit log')
    .action(async (model: string, { reason }: { reason?: string }) => {
      const result = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        client.pause.mutate({ model, reason }),
      )
      context.write(`${result.sentence}\n`)
    })
}
