import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'
import { statusText } from '../text/status-table.ts'

/** `understudy status [model]`: what is live and what is being tried. Its JSON is a stable contract. */
export function createCommand(context: CliContext): Command {
  return new Command('status')
    .description('what is live and what is being tried')
    .argument('[model]')
    .option('--json', 'print the stable JSON document')
    .action(async (model: string | undefined, options: { json?: boolean }) => {
      const document = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        client.status.query({ model }),
      )
      context.write(`${options.json ? JSON.stringify(document, null, 2) : statusText(document, model)}\n`)
    })
}
