import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'

// Stands in for the serving node: ready at once, and its first model answers a moment later. `/crash` ends it.
const began = performance.now()
const end = () => {
  appendFileSync(`${process.env.UNDERSTUDY_DATA_DIR}/ended.txt`, 'serving\n')
  process.exit(0)
}
process.on('SIGTERM', end)
process.stdin.on('end', end).resume()
process.stdout.write(`environment ${JSON.stringify(process.env)}\n`)
createServer((request, response) => {
  if (request.url === '/crash') process.exit(7)
  if (request.url === '/v2/health/ready') return response.end()
  response.statusCode = performance.now() - began > 300 ? 200 : 404
  response.end(JSON.stringify({ predictions: [0], pid: process.pid }))
}).listen(Number(process.env.UNDERSTUDY_REST_PORT), '127.0.0.1')
