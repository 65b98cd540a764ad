import { askSocket } from '@understudy/testing'
import { inject } from 'vitest'
import { PlatformAccess } from './platform-access.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the global setup of the end-to-end tests says where the shared platform is. */
    sharedPlatformSocket: string
  }
}

/**
 * The platform that all files share: its first models answer, and models of other files lie on it, also of such as run at this moment. For
 * tests that look at their own models only, and leave them asking for nothing.
 */
export async function sharedPlatform(): Promise<PlatformAccess> {
  return new PlatformAccess(JSON.parse(await askSocket(inject('sharedPlatformSocket'), '/platform')))
}
