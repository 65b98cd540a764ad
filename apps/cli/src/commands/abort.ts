import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { versionArgument } from '../control/arguments.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'

/** `understudy abort <model> [version]`: ends the open rollout; in its bake that is the rollback. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('abort')
    .description('end the open rollout; while it bakes, roll it back')
    .argument('<model>')
    .argument('[version]', 'the version in rollout when left out', versionArgument)
    .requiredOption('--reason <text>', '3 to 500 characters, kept in the audit log')
    .action(async (model: string, version: number | undefined, { reason }: { reason: string }) => {
      const result = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        client.abort.mutate({ model, version, reason }),
      )
      context.write(`${result.sentence}\n`)
    })
}
