import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/*
 * The deferred floor: what Node's own HTTP stack allows a server that reads bodies and answers in bursts. It reads the body, thinks
 * nothing, and writes the answers of one tick together.
 */
const [base64 = '', contentType = ''] = process.argv.slice(2)
const bytes = Buffer.from(base64, 'base64')
// As a text also where it is binary: Node then writes head and body in one piece.
const encoding = contentType === 'application/json' ? 'utf8' : 'latin1'
const body = bytes.toString(encoding)
const headers = { 'content-type': contentType, 'content-length': bytes.length }
let due: ServerResponse[] = []

function flush(): void {
  const batch = due
  due = []
  for (const response of batch) {
    response.writeHead(200, headers)
    response.end(body, encoding)
  }
}

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    if (due.push(response) === 1) setImmediate(flush)
  })
})
server.listen({ port: 0, host: '127.0.0.1' }, () => {
  process.send?.((server.address() as AddressInfo).port)
})
process.on('disconnect', () => process.exit(0))
