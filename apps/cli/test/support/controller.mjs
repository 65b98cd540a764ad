import { appendFileSync } from 'node:fs'

// Stands in for the controller: says when it is ready, ends on SIGTERM and when the pipe of its parent closes.
if (process.env.UNDERSTUDY_TEST_BROKEN) process.exit(3)
const end = () => {
  appendFileSync(`${process.env.UNDERSTUDY_DATA_DIR}/ended.txt`, 'controller\n')
  process.exit(0)
}
process.on('SIGTERM', end)
process.stdin.on('end', end).resume()
process.stdout.write(`environment ${JSON.stringify(process.env)}\n`)
process.stdout.write('{"level":"info","event":"ready","msg":"controller ready"}\n')
