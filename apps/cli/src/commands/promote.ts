import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { versionArgument } from '../control/arguments.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'

/** `understudy promote <model> <version>`: starts a rollout by hand, as `trigger: manual` asks for. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('promote')
    .description('start the rollout of a version by hand; evidence and approval are asked for as ever')
    .argument('<model>')
    .argument('<version>', 'a validated version', versionArgument)
    .action(async (model: string, version: number) => {
      const result = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        client.promote.mutate({ model, version }),
      )
      context.write(`${result.sentence}\n`)
    })
}
