import { createServer } from 'node:http'

// Stands in for the console, which knows nothing of parents and would wait for open connections.
process.on('SIGTERM', () => {})
createServer((request, response) => {
  response.end(JSON.stringify({ pid: process.pid }))
}).listen(Number(process.env.PORT), process.env.HOSTNAME)
