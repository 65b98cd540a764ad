import { register } from 'tsx/esm/api'

// The guard from source; the platform runs its bundle.
register()
await import('../../src/up/guard.ts')
