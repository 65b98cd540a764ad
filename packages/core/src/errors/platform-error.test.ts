import { expect, it } from 'vitest'
import * as subject from './platform-error.ts'

it('is being written (core tests taken)', () => expect(subject).toBeDefined())
