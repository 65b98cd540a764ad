import { once } from 'node:events'
import { connect } from 'node:net'
import { credentials, ServerCredentials, status } from '@grpc/grpc-js'
import { waitFor } from '@understudy/testing'
import { expect, it } from 'vitest'
import { failureOf, GrpcTestClient, halfInput, startGrpc } from './grpc-fixture.ts'
import { testCertificate } from './test-certificate.ts'

it('answers what is in flight, takes nothing new, and ends', async () => {
  await using grpc = await startGrpc()
  grpc.predictor.hold()
  const calls = Array.from({ length: 20 }, (_, index) => grpc.client.infer(halfInput([index])))
  await waitFor('all to be held', () => grpc.predictor.waiting === 20)
  const closed = grpc.server.close({ deadlineMs: 10_000 })
  await waitFor('the port to be closed', () => isRefused(grpc.port))
  grpc.predictor.release()
  const answers = await Promise.all(calls)
  expect(answers).toHaveLength(20)
  expect(await closed).toEqual({ cutRequests: 0 })
  using late = new GrpcTestClient(grpc.port)
  expect(await failureOf(late.infer(halfInput([1])))).toMatchObject({ code: status.UNAVAILABLE })
})

it('loses no call of clients that go on until the port is closed', async () => {
  await using grpc = await startGrpc()
  let answered = 0
  let isOver = false
  const failures: number[] = []
  const client = async () => {
    while (!isOver) {
      try {
        await grpc.client.infer(halfInput([1]))
        answered += 1
      } catch (error) {
        failures.push((error as { code: number }).code)
        return
      }
    }
  }
  const clients = Array.from({ length: 8 }, client)
  await waitFor('load', () => answered > 100)
  expect(await grpc.server.close({ deadlineMs: 10_000, graceMs: 100 })).toEqual({ cutRequests: 0 })
  isOver = true
  await Promise.all(clients)
  // What comes after the end finds nobody; that is told, and nothing else is.
  expect(failures.every((code) => code === status.UNAVAILABLE)).toBe(true)
  expect(grpc.predictor.requests.length).toBe(answered)
})

it('cuts what misses the deadline, and counts it', async () => {
  await using grpc = await startGrpc()
  grpc.predictor.hold()
  const call = failureOf(grpc.client.infer(halfInput([1])))
  await waitFor('the call to be held', () => grpc.predictor.waiting === 1)
  expect(await grpc.server.close({ deadlineMs: 100 })).toEqual({ cutRequests: 1 })
  const { code } = await call
  expect([status.UNAVAILABLE, status.CANCELLED]).toContain(code)
  expect(await grpc.server.close({ deadlineMs: 100 })).toEqual({ cutRequests: 1 })
})

it('waits for no connection that is idle, or says nothing at all', async () => {
  await using grpc = await startGrpc()
  await grpc.client.infer(halfInput([1]))
  const silent = connect(grpc.port, '127.0.0.1').resume()
  await once(silent, 'connect')
  const closed = once(silent, 'close')
  expect(await grpc.server.close({ deadlineMs: 20_000 })).toEqual({ cutRequests: 0 })
  await closed
})

it('answers and drains over TLS as it does without', async () => {
  const { certificate, privateKey } = await testCertificate('node')
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(privateKey) }
  await using grpc = await startGrpc({ credentials: ServerCredentials.createSsl(null, [pair]) })
  const trusting = { checkServerIdentity: () => undefined }
  const channel = credentials.createSsl(Buffer.from(certificate), null, null, trusting)
  using client = new GrpcTestClient(grpc.port, channel)
  grpc.predictor.hold()
  const call = client.infer(halfInput([2]))
  await waitFor('the call to be held', () => grpc.predictor.waiting === 1)
  const closed = grpc.server.close({ deadlineMs: 10_000 })
  await waitFor('the port to be closed', () => isRefused(grpc.port))
  grpc.predictor.release()
  expect((await call).message.modelName).toBe('half')
  expect(await closed).toEqual({ cutRequests: 0 })
})

it('says that the address is taken', async () => {
  await using grpc = await startGrpc()
  await expect(startGrpc({ port: grpc.port })).rejects.toThrow('EADDRINUSE')
})

async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return await new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', () => resolve(true))
  })
}
