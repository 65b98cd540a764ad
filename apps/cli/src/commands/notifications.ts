import { Command, InvalidArgumentError } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'
import { notificationsText } from '../text/notifications-text.ts'

const LIMIT = 20
const LIMIT_MAX = 200

function readLimit(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit
  throw new InvalidArgumentError(`Give a number from 1 to ${LIMIT_MAX}.`)
}

/** `understudy notifications`: what people were told, and whether it reached them. */
export function createCommand(context: CliContext): Command {
  return new Command('notifications')
    .description('what people were told, and whether it reached them')
    .option('--limit <count>', 'of the newest', readLimit, LIMIT)
    .option('--json', 'print JSON')
    .action(async ({ json, limit }: { json?: boolean; limit: number }) => {
      const notifications = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        client.notifications.query({ limit }),
      )
      context.write(`${json ? JSON.stringify(notifications, null, 2) : notificationsText(notifications)}\n`)
    })
}
