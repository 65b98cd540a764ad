import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** What everything random in `npm test` begins with. */
    seed: number
  }
}

/** The seed of this run: the same for everybody, unless UNDERSTUDY_SEED says another. */
export function runSeed(): number {
  return inject('seed')
}
