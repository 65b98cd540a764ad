import fc from 'fast-check'
import { runSeed } from './seed.ts'

// Vitest setup: property tests try the same values in every run. What fails then fails for everybody, and by what was changed.
fc.configureGlobal({ seed: runSeed() })
