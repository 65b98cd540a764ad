import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { versionArgument } from '../control/arguments.ts'
import { ask } from '../control/control-client.ts'
import { meantVersion } from '../control/meant-version.ts'
import { readEnvironment } from '../env.ts'

interface RetryOptions {
  readonly fresh?: boolean
  readonly reason?: string
}

/** `understudy retry <model> [version]`: lets a paused rollout go on, or tries a version again. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('retry')
    .description('let a paused rollout go on, or try a version again')
    .argument('<model>')
    .argument('[version]', 'that of the last rollout when left out', versionArgument)
    .option('--fresh', 'with evidence of its own, judged more strictly; needs a reason')
    .option('--reason <text>', '3 to 500 characters, kept in the audit log')
    .action(async (model: string, version: number | undefined, { fresh, reason }: RetryOptions) => {
      const result = await ask(readEnvironment(context.root).consoleUrl, async (client) =>
        client.retry.mutate({
          ...{ model, version: await meantVersion(client, model, version), fresh, reason },
        }),
      )
      context.write(`${result.sentence}\n`)
    })
}
