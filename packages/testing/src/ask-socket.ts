import { request } from 'node:http'

/**
 * Asks a server of the test run, which listens at a socket of the file system, and gives its answer.
 *
 * @throws Error with the answer when it is a refusal
 */
export function askSocket(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, method: 'POST' }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
      })
      response.on('end', () => (response.statusCode === 200 ? resolve(body) : reject(new Error(body))))
    })
      .on('error', reject)
      .end()
  })
}
