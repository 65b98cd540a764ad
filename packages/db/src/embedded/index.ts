export { EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.ts'
export { freePort, isPortFree } from './free-port.ts'
export { type RunningPostgres, startGuarded } from './start-guarded.ts'
