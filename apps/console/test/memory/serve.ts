/**
 * The built console over a control plane in memory: a process of its own, for tests. Told what to do over its IPC channel.
 *
 * Production code knows nothing of this: the graph is put in place before the standalone server starts.
 */
import { join } from 'node:path'
import { setComposition } from '../../src/server/composition.ts'
import type { HarnessCommand, Story } from './harness-command.ts'
import { MemoryControlService } from './memory-control-service.ts'

const actor = 'local:amara'
let service = begin(process.argv[2] === 'empty' ? 'empty' : 'full')

/** Everything a test can see or change is in the service: with another one, nothing of the last story is left. */
function begin(story: Story): MemoryControlService {
  const begun = new MemoryControlService(actor, story)
  setComposition({
    service: begun,
    actor,
    onFault: (error) => process.stderr.write(`${String(error)}\n`),
  })
  return begun
}

process.on('message', (command: HarnessCommand) => {
  if (command.do === 'begin') {
    service = begin(command.story)
    process.send?.({ begun: command.story })
  } else if (command.do === 'changePolicy') service.changePolicy(command.model)
  else if (command.do === 'push') service.push(command.model)
  else if (command.do === 'silence') service.feed.silent = command.silent
  else process.send?.({ listeners: service.feed.listeners })
})
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))

const built = process.argv[3] ?? join(import.meta.dirname, '../../.next/standalone')
await import(join(built, 'apps/console/server.js'))
