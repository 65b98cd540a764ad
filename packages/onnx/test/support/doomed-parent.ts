import { ExecutorClient } from '../../src/process/executor-client.ts'
import { probeSpawnTools } from '../../src/process/probe-spawn-tools.ts'

// A parent to be killed: starts an executor, makes it run a model that never ends, and tells its number.
const [entry = '', modelPath = ''] = process.argv.slice(2)
const client = await ExecutorClient.start({ entry, tools: await probeSpawnTools() })
await client.load({ path: modelPath, intraOpThreads: 1, limitMs: 30_000 })
const x = { dtype: 'float32' as const, shape: [1, 4], data: new Float32Array(4) }
client.run(new Map([['x', x]]), 600_000).catch(() => {})
process.stdout.write(`${client.pid}\n`)
