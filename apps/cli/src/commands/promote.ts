import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { versionArgument } from '../control/arguments.ts'
import { ask, CliError } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'

interface PromoteOptions {
  readonly now?: boolean
  readonly reason?: string
}

/**
 * `understudy promote <model> <version>`: starts a rollout by hand, as `trigger: manual` asks for. With `--now` a rollout that waits without a
 * verdict goes live, and that is recorded. Twice is once.
 */
export function createCommand(context: CliContext): Command {
  return new Command('promote')
    .description('start the rollout of a version by hand; evidence and approval are asked for as ever')
    .argument('<model>')
    .argument('<version>', 'a validated version', versionArgument)
    .option('--now', 'let the paused rollout of the version go live without its verdict; needs a reason')
    .option('--reason <text>', '3 to 500 characters, kept in the audit log')
    .action(async (model: string, version: number, { now, reason }: PromoteOptions) => {
      if (now && reason === undefined) {
        throw new CliError('Say why it goes live without a verdict: --reason "…".')
      }
      const result = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        now
          ? client.promoteNow.mutate({ model, version, reason: reason ?? '' })
          : client.promote.mutate({ model, version }),
      )
      context.write(`${result.sentence}\n`)
    })
}
