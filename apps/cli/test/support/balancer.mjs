import { register } from 'tsx/esm/api'

// The balancer from source; the platform runs its bundle.
register()
await import('../../src/balancer/main.ts')
