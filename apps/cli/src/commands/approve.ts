import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { versionArgument } from '../control/arguments.ts'
import { ask } from '../control/control-client.ts'
import { meantVersion } from '../control/meant-version.ts'
import { readEnvironment } from '../env.ts'

/** `understudy approve <model> [version]`: lets the version in rollout go live. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('approve')
    .description('let the version in rollout go live')
    .argument('<model>')
    .argument('[version]', 'the version in rollout when left out', versionArgument)
    .option('--comment <text>', 'kept in the audit log')
    .action(async (model: string, version: number | undefined, options: { comment?: string }) => {
      const result = await ask(readEnvironment(context.root).consoleUrl, async (client) =>
        client.approve.mutate({
          model,
          version: await meantVersion(client, model, version),
          comment: options.comment,
        }),
      )
      context.write(`${result.sentence}\n`)
    })
}
