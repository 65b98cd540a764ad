import { runGuard } from './run-guard.ts'

// The guard as tests and tools start it, from source; `understudy up` starts its own bundled entry.
runGuard(process.argv[2])
