import { Metadata } from '@grpc/grpc-js'
import { expect, it } from 'vitest'
import { callMetadataOf, readCallMetadata } from '../grpc/call-metadata.ts'
import { readCallHeaders } from './call-headers.ts'

const headers = { 'understudy-sticky-key': ' anna ', 'set-cookie': ['a', 'b'], traceparent: 'none' }
const metadata = Metadata.fromHttp2Headers({ 'understudy-sticky-key': 'anna', traceparent: 'none' })

it.each([
  ['HTTP', readCallHeaders(headers)],
  ['HTTP without a header of ours', readCallHeaders({ 'understudy-sticky-key': 'anna' })],
  ['a stream', callMetadataOf(headers, 'r1')],
  ['the gRPC library', readCallMetadata(metadata, () => 'r1')],
])('a call over %s tells any single header by name', (_protocol, { header, traceparent }) => {
  expect(header?.('understudy-sticky-key')).toBe('anna')
  expect(header?.('set-cookie')).toBeUndefined()
  expect(header?.('tenant')).toBeUndefined()
  expect(traceparent).toBeUndefined()
})
