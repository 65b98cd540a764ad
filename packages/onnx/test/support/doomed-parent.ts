import { ExecutorClient } from '../../src/process/executor-client.ts'
import { probeSpawnTools } from '../../src/process/probe-spawn-tools.ts'

// A parent to be killed: starts an executor that holds one model, then runs or loads another one that never ends, and tells its number.
const [entry = '', small = '', endless = '', work = ''] = process.argv.slice(2)
const client = await ExecutorClient.start({ entry, tools: await probeSpawnTools() })
const load = (path: string) => client.load({ path, form: 'prepacked', intraOpThreads: 1, limitMs: 600_000 })
await load(small)
if (work === 'load') {
  load(endless).catch(() => {})
} else {
  const { model } = await load(endless)
  const x = { dtype: 'float32' as const, shape: [1, 4], data: new Float32Array(4) }
  client.run(model, new Map([['x', x]]), 600_000).catch(() => {})
}
process.stdout.write(`${client.pid}\n`)
