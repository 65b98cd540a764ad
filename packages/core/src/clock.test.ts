import { expect, it } from 'vitest'
import { systemClock } from './clock.ts'

it('is being written (core tests taken)', () => expect(systemClock.now()).toBeGreaterThan(0))
