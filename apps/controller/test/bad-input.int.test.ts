import { describe, expect, it } from 'vitest'
import { createSyncRepository } from '../src/sync/sync-repository.ts'

describe('bad input', () => {
  it('is written by helper-10', () => expect(createSyncRepository).toBeDefined())
})
