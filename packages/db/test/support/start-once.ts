import { EmbeddedPostgres, startGuarded } from '../../src/embedded/index.ts'
import { SOURCE_GUARD } from '../../tools/throwaway-postgres.ts'

// Started by a test, as another account where it can: prepares, starts and stops a cluster, and says who it is.
const postgres = await EmbeddedPostgres.prepare({ folder: process.argv[2] ?? '', durable: false })
const server = await startGuarded(postgres, SOURCE_GUARD)
await server.stop()
process.stdout.write(`served uid ${process.getuid?.()}\n`)
