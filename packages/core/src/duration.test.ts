import { expect, it } from 'vitest'
import * as subject from './duration.ts'

it('is being written (core tests taken)', () => expect(subject).toBeDefined())
