import { expect, it } from 'vitest'
import * as subject from './comparisons.ts'

it('is being written (core tests taken)', () => expect(subject).toBeDefined())
