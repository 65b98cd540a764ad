import { CATEGORIES, PlatformError } from '@understudy/core'
import { expect, it } from 'vitest'
import { GRPC_STATUS, grpcMessage, grpcStatusOf } from './grpc-status.ts'

it('has a status of its own for every category, and for a message that is too large that of gRPC', () => {
  expect(new Set(CATEGORIES.map((category) => GRPC_STATUS[category])).size).toBe(CATEGORIES.length)
  expect(grpcStatusOf(new PlatformError('serving.model_not_found', 'x'))).toBe(5)
  expect(grpcStatusOf(new PlatformError('request.too_large', 'x'))).toBe(8)
})

it('cuts long texts, and never leaves half a character', () => {
  expect(grpcMessage('short')).toBe('short')
  expect(grpcMessage('a'.repeat(1_024))).toBe('a'.repeat(1_024))
  expect(grpcMessage('a'.repeat(1_025))).toBe(`${'a'.repeat(1_024)}...TRUNCATED`)
  for (const text of [`${'a'.repeat(1_023)}\u{1f600}`, 'a\ud800b', '\udc00']) {
    expect(() => encodeURI(grpcMessage(text))).not.toThrow()
  }
})
