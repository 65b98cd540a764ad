import { expect, it } from 'vitest'
import * as subject from './policy-hash.ts'

it('is being written (core tests taken)', () => expect(subject).toBeDefined())
