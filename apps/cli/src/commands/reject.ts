import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { versionArgument } from '../control/arguments.ts'
import { ask } from '../control/control-client.ts'
import { meantVersion } from '../control/meant-version.ts'
import { readEnvironment } from '../env.ts'

/** `understudy reject <model> [version]`: ends the rollout; what is live goes on. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('reject')
    .description('end the rollout and keep what is live')
    .argument('<model>')
    .argument('[version]', 'the version in rollout when left out', versionArgument)
    .requiredOption('--reason <text>', '3 to 500 characters, kept in the audit log')
    .action(async (model: string, version: number | undefined, options: { reason: string }) => {
      const result = await ask(readEnvironment(context.root).consoleUrl, async (client) =>
        client.reject.mutate({
          model,
          version: await meantVersion(client, model, version),
          reason: options.reason,
        }),
      )
      context.write(`${result.sentence}\n`)
    })
}
