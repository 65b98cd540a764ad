import { request } from 'node:http'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the global setup of the integration tests hands out databases. */
    testDatabaseSocket: string
  }
}

export interface TestDatabase {
  /** As the role that production uses: owner of this database, not superuser. */
  readonly connectionString: string
}

/**
 * A database that no other test sees, with every migration applied, or empty. It goes when the test run ends.
 *
 * Precondition: the test runs in the project `integration`, whose global setup owns the server. Close your own
 * connections.
 */
export async function createTestDatabase(options: { readonly empty?: boolean } = {}): Promise<TestDatabase> {
  const answer = await ask(inject('testDatabaseSocket'), options.empty ? '/empty' : '/migrated')
  return JSON.parse(answer)
}

function ask(socketPath: string, path: string): Promise<string> {
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
