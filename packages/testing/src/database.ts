import { inject } from 'vitest'
import { askSocket } from './ask-socket.ts'

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
  const answer = await askSocket(inject('testDatabaseSocket'), options.empty ? '/empty' : '/migrated')
  return JSON.parse(answer)
}
