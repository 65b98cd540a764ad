import { askSocket } from '@understudy/testing'
import { inject } from 'vitest'
import { PlatformAccess, type PlatformPlace } from './platform-access.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the global setup of the end-to-end tests lends platforms. */
    platformLender: string
  }
}

/** A platform that was started by somebody else, and is for this file alone until it is given back. */
export class BorrowedPlatform extends PlatformAccess {
  /** For the next file. Precondition: what is left of this one's models asks for nothing more. */
  async giveBack(): Promise<void> {
    await ask(`/return${this.place.folder}`)
  }
}

/** A platform whose first models answer, and on which models of earlier files may lie: for tests that look at their own models only. */
export async function borrowPlatform(): Promise<BorrowedPlatform> {
  const place: PlatformPlace = JSON.parse(await ask('/borrow'))
  return new BorrowedPlatform(place)
}

function ask(what: string): Promise<string> {
  return askSocket(inject('platformLender'), what)
}
