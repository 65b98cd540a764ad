import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'

/** `understudy why <model>`: one sentence, what it waits for and what to do. */
export function createCommand(context: CliContext): Command {
  return new Command('why')
    .description('what a model waits for, and what to do')
    .argument('<model>')
    .action(async (model: string) => {
      const why = await ask(readEnvironment(context.root).consoleUrl, (client) => client.why.query({ model }))
      context.write(`${why.sentence}\n`)
    })
}
