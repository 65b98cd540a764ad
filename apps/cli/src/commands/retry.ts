import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { versionArgument } from '../control/arguments.ts'
import { ask } from '../control/control-client.ts'
import { meantVersion } from '../control/meant-version.ts'
import { readEnvironment } from '../env.ts'

/** `understudy retry <model> [version]`: lets a paused shadow go on, or tries a version again. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('retry')
    .description('let a paused shadow go on, or try a version again')
    .argument('<model>')
    .argument('[version]', 'that of the last rollout when left out', versionArgument)
    .action(async (model: string, version: number | undefined) => {
      const result = await ask(readEnvironment(context.root).consoleUrl, async (client) =>
        client.retry.mutate({ model, version: await meantVersion(client, model, version) }),
      )
      context.write(`${result.sentence}\n`)
    })
}
