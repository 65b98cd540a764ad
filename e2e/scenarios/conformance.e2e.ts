import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { inspect } from 'node:util'
import type { NamedTensors } from '@understudy/core'
import { NodeRig, type RigNode } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONFORMANCE_CASES, type ConformanceCase } from '../support/conformance/conformance-cases.ts'
import { conformanceDocument } from '../support/conformance/conformance-document.ts'
import type { Encoding } from '../support/conformance/encodings.ts'
import { GRPC_ENCODINGS } from '../support/conformance/grpc-encodings.ts'
import { REST_ENCODINGS, sameTensors } from '../support/conformance/rest-encodings.ts'
import { runInProcess } from '../support/conformance/run-in-process.ts'
import { TRPC_ENCODINGS } from '../support/conformance/trpc-encodings.ts'
import { closeChannels } from '../support/grpc-call.ts'
import { PROJECT } from '../support/platform.ts'
import { planOf, SMALL } from '../support/serving-plans.ts'

const ENCODINGS = [...REST_ENCODINGS, ...GRPC_ENCODINGS, ...TRPC_ENCODINGS]
const DOCUMENT = path.join(PROJECT, 'docs/reference/conformance.md')
const NOTES = [
  'JSON has no half floats in any of the protocols: they travel as bytes. A model that takes rows refuses a request without any; JSON lists cannot',
  'say `[0, 3]` besides. `tensor_content` holds no texts. A raw body has no shapes, so it fits one input with at most one size that is not fixed',
  '(with two, the first is 1), and of texts a single one. In tRPC, -0 comes back as 0.',
]

let rig: NodeRig
let node: RigNode

beforeAll(async () => {
  rig = await NodeRig.create(PROJECT)
  const models = new Map(CONFORMANCE_CASES.map((one) => [one.model, one]))
  const plans = [...models.values()].map(async ({ model, bytes, signature, batchable }) => {
    const version = await rig.version({
      ...{ number: 1, files: bytes, signature, batchable, measured: SMALL },
      runtime: { timeoutMs: 30_000 },
    })
    return planOf(model, 1, [version])
  })
  node = await rig.start({ models: await Promise.all(plans) })
  for (const model of models.keys()) await node.untilAvailable(model, 1)
})
afterAll(async () => {
  closeChannels()
  await rig?.close()
})

/** What one cell of the table says; anything but the truth or a refusal is a defect, whatever the document says. */
async function cellOf(encoding: Encoding, one: ConformanceCase, usual: NamedTensors): Promise<string> {
  const answer = await encoding.ask(node, one)
  if (answer.kind === 'refused') {
    const isRefusal = /^(400|501|INVALID_ARGUMENT|UNIMPLEMENTED)$/.test(answer.status)
    return isRefusal ? `refused (${answer.status})` : `DEFECT: ${answer.status} ${answer.message}`
  }
  const shape = encoding.arrivesAs?.(one)
  const truth = shape === undefined ? usual : await runInProcess(reshaped(one, shape))
  const isSame = sameTensors(answer.outputs, truth, encoding.losesSignOfZero === true)
  if (isSame) return shape === undefined ? 'exact' : `exact, as \`[${shape.join(', ')}]\``
  return `DEFECT: ${inspect(answer.outputs)}, and in process ${inspect(truth)}`
}

function reshaped(one: ConformanceCase, shape: readonly number[]): ConformanceCase {
  return { ...one, inputs: new Map([...one.inputs].map(([name, tensor]) => [name, { ...tensor, shape }])) }
}

describe('every type, protocol and encoding', () => {
  it('answers what the model answers in process, or refuses, as the reference says', async () => {
    const rows = []
    for (const one of CONFORMANCE_CASES) {
      const truth = await runInProcess(one)
      const cells: string[] = []
      for (const encoding of ENCODINGS) cells.push(await cellOf(encoding, one, truth))
      rows.push({ title: one.title, cells })
    }
    const defects = rows.flatMap(({ title, cells }) =>
      cells.flatMap((cell, at) =>
        cell.startsWith('DEFECT')
          ? [`${title}, ${ENCODINGS[at]?.protocol}, ${ENCODINGS[at]?.name}: ${cell}`]
          : [],
      ),
    )
    expect(defects).toEqual([])
    const text = conformanceDocument(ENCODINGS, rows, NOTES)
    if (process.env.UPDATE_CONFORMANCE === '1') await writeFile(DOCUMENT, text)
    expect(await readFile(DOCUMENT, 'utf8'), 'run `npm run docs:conformance` and look at what changed').toBe(
      text,
    )
  })
})
