import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { mappingMistakes, parseModelConfig } from '@understudy/core'
import { NodeRig, type RigNode } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InferenceSession, Tensor } from '../support/onnx-package.ts'
import { PROJECT } from '../support/platform.ts'
import { quarantine } from '../support/quarantine.ts'
import { planOf } from '../support/serving-plans.ts'

const MODEL = 'iris'
const FOLDER = path.join(PROJECT, 'models-repo-template/models', MODEL)
const COLUMNS = 4

let rig: NodeRig
let node: RigNode
let session: InferenceSession
let rows: readonly (readonly number[])[]

beforeAll(async () => {
  const bytes = await readFile(path.join(FOLDER, '1/model.onnx'))
  const config = parseModelConfig(await readFile(path.join(FOLDER, 'model.yaml'), 'utf8'))
  const golden = JSON.parse(await readFile(path.join(FOLDER, '1/golden/rows.json'), 'utf8'))
  rows = golden.request.inputs.measurements
  const report = await quarantine(bytes)
  if (!report.ok) throw new Error(report.reasons.map(String).join('; '))
  expect(mappingMistakes(report.signature, config)).toEqual([])
  session = await InferenceSession.create(bytes)
  rig = await NodeRig.create(PROJECT)
  const { signature, batchable, loadMs, memoryBytes } = report
  const classLabels = { probabilities: config.outputs.probabilities?.labels ?? [] }
  const version = await rig.version({
    ...{ number: 1, files: bytes, signature, batchable, measured: { loadMs, memoryBytes } },
    ...{ signatures: config.signatures, classLabels, runtime: { timeoutMs: 10_000 } },
  })
  node = await rig.start({ models: [planOf(MODEL, 1, [version])] })
  await node.untilAvailable(MODEL, 1)
})

afterAll(async () => {
  await rig?.close()
  await session?.release()
})

/** A float that JSON shows to be one. */
const float = (value: number) => (Number.isInteger(value) ? `${value}.0` : `${value}`)
const example = (row: readonly number[]) => `{"measurements": [${row.map(float).join(', ')}]}`

describe('the model that a new repository begins with', () => {
  it('classifies examples as the model does in this process', async () => {
    const x = new Tensor('float32', Float32Array.from(rows.flat()), [rows.length, COLUMNS])
    const { probabilities, label } = await session.run({ measurements: x })
    const body = `{"examples": [${rows.map(example).join(', ')}]}`
    const response = await fetch(`${node.url}/v1/models/${MODEL}:classify`, { method: 'POST', body })
    const { results } = (await response.json()) as { results: [string, number][][] }
    expect(results).toHaveLength(rows.length)
    for (const [at, classes] of results.entries()) {
      expect(classes.map(([name]) => name)).toEqual(['setosa', 'versicolor', 'virginica'])
      for (const [column, [, score]] of classes.entries()) {
        expect(score).toBeCloseTo(Number(probabilities?.data[at * 3 + column]), 5)
      }
      const [best] = classes.toSorted(([, a], [, b]) => b - a)
      expect(best?.[0]).toBe(label?.data[at])
    }
  })

  it('answers by the name of its signature too, and tells the names of all', async () => {
    const named = `{"signature_name": "classification", "context": {"garden": "x"}, "examples": [${example([5.1, 3.5, 1.4, 0.2])}]}`
    const response = await fetch(`${node.url}/v1/models/${MODEL}/versions/1:classify`, {
      method: 'POST',
      body: named,
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('understudy-version')).toBe('1')
    const metadata = await (await fetch(`${node.url}/v1/models/${MODEL}/metadata`)).json()
    expect(Object.keys(metadata.metadata.signature_def.signature_def)).toEqual([
      'serving_default',
      'classification',
    ])
  })
})
