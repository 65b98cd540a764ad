import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { versionArgument } from '../control/arguments.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'

/** `understudy why <model> [version]`: what it waits for and what to do, and what befell its processes. */
export function createCommand(context: CliContext): Command {
  return new Command('why')
    .description('what a model waits for, and what to do')
    .argument('<model>')
    .argument('[version]', 'what became of this one', versionArgument)
    .action(async (model: string, version: number | undefined) => {
      const why = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        client.why.query({ model, version }),
      )
      context.write(`${why.sentence}\n`)
    })
}
