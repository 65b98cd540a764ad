import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'

/** `understudy resume <model>`: lets a rollout that a person paused go on where it was. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('resume')
    .description('let a paused rollout go on where it was')
    .argument('<model>')
    .option('--reason <text>', '3 to 500 characters, kept in the audit log')
    .action(async (model: string, { reason }: { reason?: string }) => {
      const result = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        client.resume.mutate({ model, reason }),
      )
      context.write(`${result.sentence}\n`)
    })
}
