import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { linearModel, NodeRig, type RigNode } from '@understudy/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { failureOf, floatsOf, GrpcTestClient, halfInput } from './grpc-fixture.ts'

const app = path.resolve(import.meta.dirname, '..')
let rig: NodeRig
let node: RigNode
let client: GrpcTestClient

beforeAll(async () => {
  // What a user builds.
  for (const cwd of [path.join(app, '../../packages/onnx'), app]) {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd })
  }
  rig = await NodeRig.create(path.join(app, '../..'))
  const version = await rig.version({
    number: 1,
    files: linearModel({ inputs: 2, outputs: 1, weights: [1, 10] }),
    signature: {
      inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 1] }],
    },
  })
  node = await rig.start({
    models: [
      {
        ...{ model: 'sum', generation: 1, versions: [version], labels: { live: 1 } },
        ...{ mirror: null, capture: null, keepAnswersShare: 0 },
      },
    ],
  })
  await node.untilAvailable('sum', 1)
  client = new GrpcTestClient(node.grpcPort)
})

afterAll(async () => {
  client?.close()
  await rig?.close()
})

const twoColumns = () => {
  const request = halfInput([1, 2, 3, 4])
  return {
    ...request,
    modelName: 'sum',
    inputs: request.inputs?.map((input) => ({ ...input, shape: [2n, 2n] })),
  }
}

it('is spoken by a node as it is built, on the port that its ready line names, and ends with it', async () => {
  const { message, metadata } = await client.infer({ ...twoColumns(), id: '1' })
  expect(message).toMatchObject({ modelName: 'sum', modelVersion: '1', id: '1' })
  expect(message.outputs).toMatchObject([{ name: 'y', datatype: 'FP32', shape: [2n, 1n] }])
  expect(floatsOf(message.rawOutputContents[0])).toEqual([21, 43])
  expect(metadata.getMap()).toMatchObject({ 'understudy-model': 'sum', 'understudy-version': '1' })
  expect(await failureOf(client.infer(halfInput([1])))).toMatchObject({
    details: expect.stringContaining("'half'"),
  })
  expect(await node.stop()).toBe(0)
})
