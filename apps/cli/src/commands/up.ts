import { systemClock } from '@understudy/core'
import { createModelsRepository } from '@understudy/gitops'
import { Command } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { readEnvironment } from '../env.ts'
import { platformFiles } from '../up/platform-specs.ts'
import { NODES_MAX, readNodeCount } from '../up/serving-nodes.ts'
import { listenForStopRequests } from '../up/stop-requests.ts'
import { up } from '../up/up.ts'

/** `understudy up`: the whole platform on this machine, until Ctrl-C. */
export function createCommand(context: CliContext): Command {
  return new Command('up')
    .description('run the whole platform on this machine until Ctrl-C')
    .option(
      '--nodes <n>',
      `serving nodes, 1 to ${NODES_MAX}; several stand behind a balancer`,
      readNodeCount,
      1,
    )
    .action(async ({ nodes }: { nodes: number }) => {
      // Files of ours that other accounts are to read must not depend on the shell that root happened to use.
      if (process.getuid?.() === 0) process.umask(0o022)
      const config = readEnvironment(context.root)
      await up({
        config,
        nodes,
        files: platformFiles(context.root),
        clock: systemClock,
        requests: listenForStopRequests({ parentPipe: config.parentPipe }),
        createModelsRepository,
        write: context.write,
      })
      // Watched pipes and signals would keep us here.
      process.exit(0)
    })
}
