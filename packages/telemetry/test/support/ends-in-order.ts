import { onShutdown } from '../../src/process-lifecycle.ts'

// Started by the test beside: says when it is ready, and what its handler was told. `hang` never finishes its handler.
onShutdown(
  async (reason) => {
    process.stdout.write(`handler ${reason}\n`)
    if (process.argv[2] === 'hang') await new Promise(() => {})
    if (process.argv[2] === 'fail') throw new Error('broken')
  },
  { parentPipe: true, deadlineMs: 300 },
)
setInterval(() => {}, 1_000)
process.stdout.write('ready\n')
