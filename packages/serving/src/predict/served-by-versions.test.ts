import { describe, expect, it } from 'vitest'
import { modelPlan } from '../test-support/plans.ts'
import type { LoadedVersion } from './loaded-version.ts'
import { ServedByVersions } from './served-by-versions.ts'

describe('ServedByVersions', () => {
  const [planned] = modelPlan('m', 1).versions
  const loaded = { planned } as LoadedVersion
  const id = { name: 'm', version: 1 }

  it('gives the same object until generation, variant or override change', () => {
    const versions = new ServedByVersions()
    const live = versions.of(loaded, { id, variant: 'live', generation: 1 })
    const pinned = versions.of(loaded, { id, variant: 'pinned', generation: 1 })
    expect(versions.of(loaded, { id, variant: 'live', generation: 1 })).toBe(live)
    expect(versions.of(loaded, { id, variant: 'pinned', generation: 1 })).toBe(pinned)
    expect([live, pinned]).toMatchObject([
      { model: 'm', version: 1, digest: 'digest-1', commit: 'commit-1', variant: 'live', generation: 1 },
      { variant: 'pinned' },
    ])
    const moved = versions.of(loaded, { id, variant: 'live', generation: 2 })
    expect([moved.generation, live.generation]).toEqual([2, 1])
    const overridden = versions.of(loaded, { id, variant: 'live', generation: 2, override: 'o-1' })
    expect(overridden).toEqual({ ...moved, override: 'o-1' })
    expect(versions.of(loaded, { id, variant: 'live', generation: 2, override: 'o-1' })).toBe(overridden)
  })
})
