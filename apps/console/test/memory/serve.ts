/**
 * The built console over a control plane in memory: a process of its own, for tests. Told what to do over its IPC channel.
 *
 * Production code knows nothing of this: the graph is put in place before the standalone server starts.
 */
import { join } from 'node:path'
import { setComposition } from '../../src/server/composition.ts'
import type { HarnessCommand } from './harness-command.ts'
import { MemoryControlService } from './memory-control-service.ts'

const actor = 'local:amara'
const service = new MemoryControlService(actor, process.argv[2] === 'empty' ? 'empty' : 'full')
setComposition({ service, actor, onFault: (error) => process.stderr.write(`${String(error)}\n`) })

process.on('message', (command: HarnessCommand) => {
  if (command.do === 'changePolicy') service.changePolicy(command.model)
  else if (command.do === 'push') service.push(command.model)
  else if (command.do === 'silence') service.silent = command.silent
  else process.send?.({ listeners: service.listeners })
})
process.on('disconnect', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))

const built = process.argv[3] ?? join(import.meta.dirname, '../../.next/standalone')
await import(join(built, 'apps/console/server.js'))
