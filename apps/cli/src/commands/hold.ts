import { parseDurationMs } from '@understudy/core'
import { Command, InvalidArgumentError } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'

interface HoldOptions {
  readonly reason?: string
  readonly for?: number
  readonly release?: boolean
}

function timeArgument(text: string): number {
  const ms = parseDurationMs(text)
  if (ms === undefined || ms < 1_000) throw new InvalidArgumentError('A time looks like 30m, 12h or 2d.')
  return ms
}

/** `understudy hold <model>`: fixes what is live, whatever Git says, until it is released. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('hold')
    .description('fix what is live, whatever Git says; --release ends it')
    .argument('<model>')
    .option('--reason <text>', '3 to 500 characters, kept in the audit log')
    .option('--for <time>', 'when it runs out, such as 2d: it still stands then, and alarms', timeArgument)
    .option('--release', 'end the hold')
    .action(async (model: string, options: HoldOptions) => {
      const { reason, release } = options
      const result = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        release
          ? client.releaseHold.mutate({ model })
          : client.hold.mutate({ model, reason: reason ?? '', expiresInMs: options.for ?? null }),
      )
      context.write(`${result.sentence}\n`)
    })
}
