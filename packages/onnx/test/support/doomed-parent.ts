import { ExecutorClient } from '../../src/process/executor-client.ts'
import { probeSpawnTools } from '../../src/process/probe-spawn-tools.ts'
import { Starter } from '../../src/starter/starter.ts'

// A parent to be killed: starts an executor that holds one model, by a starter if it is given one, then runs or loads another model that
// never ends, and tells the numbers of both processes.
const [entry = '', small = '', endless = '', work = '', starterEntry] = process.argv.slice(2)
const starter = starterEntry === undefined ? undefined : new Starter({ entry: starterEntry })
const client = await ExecutorClient.start({ entry, tools: await probeSpawnTools(), starter })
const load = (path: string) => client.load({ path, form: 'prepacked', intraOpThreads: 1, limitMs: 600_000 })
await load(small)
if (work === 'load') {
  load(endless).catch(() => {})
} else {
  const { model } = await load(endless)
  const x = { dtype: 'float32' as const, shape: [1, 4], data: new Float32Array(4) }
  client.run(model, new Map([['x', x]]), 600_000).catch(() => {})
}
process.stdout.write(`${JSON.stringify({ executor: client.pid, starter: starter?.pid })}\n`)
