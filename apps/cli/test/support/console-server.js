import { createServer } from 'node:http'

// Stands in for the console, which knows nothing of parents and may wait for open connections for ever.
if (process.env.UNDERSTUDY_TEST_STUBBORN) process.on('SIGTERM', () => {})
createServer((_request, response) => {
  response.end(JSON.stringify({ pid: process.pid }))
}).listen(Number(process.env.PORT), process.env.HOSTNAME)
