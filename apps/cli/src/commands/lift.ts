import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'

/** `understudy lift <model> <digest>`: ends a withdrawal; it starts nothing. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('lift')
    .description('end the withdrawal of a version; it starts nothing')
    .argument('<model>')
    .argument('<digest>', 'the digest, or at least 4 characters of it')
    .requiredOption('--reason <text>', '3 to 500 characters, kept in the audit log')
    .action(async (model: string, digest: string, options: { reason: string }) => {
      const result = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        client.lift.mutate({ model, digest, reason: options.reason }),
      )
      context.write(`${result.sentence}\n`)
    })
}
