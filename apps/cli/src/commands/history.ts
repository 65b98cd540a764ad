import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'
import { historyText } from '../text/history-text.ts'

const ENTRIES = 100

/** `understudy history <model>`: what was live since when, and what was done about the model, by whom and why. */
export function createCommand(context: CliContext): Command {
  return new Command('history')
    .description('what was live since when, and what was done, by whom and why')
    .argument('<model>')
    .option('--json', 'print JSON')
    .action(async (model: string, { json }: { json?: boolean }) => {
      const history = await ask(readEnvironment(context.root).consoleUrl, async (client) => ({
        promotions: (await client.model.query({ name: model })).promotions,
        ...(await client.audit.query({ model, limit: ENTRIES })),
      }))
      context.write(`${json ? JSON.stringify(history, null, 2) : historyText(history)}\n`)
    })
}
