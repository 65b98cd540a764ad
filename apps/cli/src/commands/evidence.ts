import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { versionArgument } from '../control/arguments.ts'
import { ask } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'
import { evidenceText } from '../text/evidence-text.ts'

/** `understudy evidence <model> [version]`: the evidence of a rollout, and its verdicts computed again from stored counters. */
export function createCommand(context: CliContext): Command {
  return new Command('evidence')
    .description('the evidence of a rollout, its verdict computed again from the stored counters')
    .argument('<model>')
    .argument('[version]', 'that of the last rollout when left out', versionArgument)
    .option('--json', 'print JSON')
    .action(async (model: string, version: number | undefined, { json }: { json?: boolean }) => {
      const evidence = await ask(readEnvironment(context.root).consoleUrl, (client) =>
        client.evidence.query({ model, version }),
      )
      context.write(`${json ? JSON.stringify(evidence, null, 2) : evidenceText(evidence)}\n`)
    })
}
