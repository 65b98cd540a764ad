import { randomUUID } from 'node:crypto'
import { Command, InvalidArgumentError } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { versionArgument } from '../control/arguments.ts'
import { ask, CliError } from '../control/control-client.ts'
import { readEnvironment } from '../env.ts'
import { overrideNode } from '../override/override-node.ts'
import { overrideKey } from '../up/installation-secret.ts'

interface RollbackOptions {
  readonly from?: number
  readonly reason: string
  readonly node?: string
  /** False: the version taken off counts as failed, and may be tried again on request. */
  readonly withdraw: boolean
}

function nodeArgument(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new InvalidArgumentError('A node is the URL that it answers at, such as http://127.0.0.1:8501.')
}

function reasonArgument(text: string): string {
  const reason = text.trim()
  if (reason.length >= 3 && reason.length <= 500) return reason
  throw new InvalidArgumentError('Give a reason of 3 to 500 characters.')
}

/** `understudy rollback <model>`: the previous version answers again; the one taken off is withdrawn. Twice is once. */
export function createCommand(context: CliContext): Command {
  return new Command('rollback')
    .description('let the previous version answer again and withdraw the live one')
    .argument('<model>')
    .option(
      '--from <version>',
      'the version to take off; nothing happens when it is not live any more',
      versionArgument,
    )
    .option(
      '--reason <text>',
      '3 to 500 characters, kept in the audit log',
      reasonArgument,
      'rolled back from the command line',
    )
    .option('--no-withdraw', 'let the version taken off count as failed: `understudy retry` may try it again')
    .option(
      '--node <url>',
      'on this node alone, without the control plane; signed with the secret of the installation',
      nodeArgument,
    )
    .action(async (model: string, { from, reason, node, withdraw }: RollbackOptions) => {
      if (node !== undefined && !withdraw) {
        throw new CliError('A node by itself always withdraws: leave --no-withdraw out, or --node.')
      }
      const { consoleUrl, dataDir, secretKey, osUser } = readEnvironment(context.root)
      const result =
        node === undefined
          ? await ask(consoleUrl, (client) =>
              client.rollback.mutate({ model, from, reason, noWithdraw: !withdraw }),
            )
          : await overrideNode({
              ...{ nodeUrl: node, model, from, reason, actor: `local:${osUser}` },
              overrideKey: await overrideKey(dataDir, secretKey),
              ...{ newId: randomUUID, nowMs: Date.now },
            })
      context.write(`${result.sentence}\n`)
    })
}
