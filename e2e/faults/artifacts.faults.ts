import { execFileSync } from 'node:child_process'
import { chmod, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PlannedVersion } from '@understudy/core'
import { externalLinearModel, linearModel, NodeRig, type RigNode } from '@understudy/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Load } from '../support/load/load.ts'
import { BODIES, scaledModel } from '../support/models.ts'
import { PROJECT } from '../support/platform.ts'
import { keepLog } from '../support/report.ts'
import { planOf, reasonOf, signatureOf, smallVersion } from '../support/serving-plans.ts'

const RATE = 100
const MODEL = 'sound'

/** A version whose weights take 16 MiB in a file of their own. */
function largeVersion(rig: NodeRig, number: number): Promise<PlannedVersion> {
  const { model, weights } = externalLinearModel('weights.bin', {
    inputs: 2_048,
    outputs: 2_048,
    seed: number,
  })
  return rig.version({
    ...{
      number,
      files: { 'model.onnx': model, 'weights.bin': weights },
      signature: signatureOf(2_048, 2_048),
    },
    measured: { loadMs: 20, memoryBytes: 120 * 2 ** 20 },
    runtime: { timeoutMs: 10_000 },
  })
}

function artifactPath(rig: NodeRig, version: PlannedVersion, file: string): string {
  const sha256 = version.files.find(({ path: name }) => name === file)?.sha256 ?? ''
  return path.join(rig.dataDir, 'artifacts/sha256', sha256.slice(0, 2), sha256)
}

/** A node with a good live version under load. */
async function start(rig: NodeRig): Promise<{ node: RigNode; load: Load; good: PlannedVersion }> {
  const good = await smallVersion(rig, 1, scaledModel(1))
  const node = await rig.start({ models: [planOf(MODEL, 1, [good])] })
  await node.untilAvailable(MODEL, 1)
  const load = await Load.begin({
    url: `${node.url}/v1/models/${MODEL}:predict`,
    ratePerSecond: RATE,
    bodies: BODIES,
  })
  return { node, load, good }
}

async function expectUndisturbed(load: Load): Promise<void> {
  await load.more(RATE / 2)
  expect(load.failed).toEqual([])
  expect(new Set(load.records.map(({ version }) => version))).toEqual(new Set([1]))
}

describe('a new version whose files are not what was pushed', () => {
  let rig: NodeRig
  let on: Awaited<ReturnType<typeof start>>

  beforeAll(async () => {
    rig = await NodeRig.create(PROJECT)
    on = await start(rig)
  })

  afterAll(async () => {
    keepLog('artifacts', on?.node.output ?? '')
    await on?.load.end()
    await rig?.close()
  })

  it.each([
    ['was cut off', 2, 'weights.bin', (file: string) => truncate(file, 1_000_000)],
    ['was replaced', 3, 'model.onnx', (file: string) => writeFile(file, scaledModel(7))],
    ['is empty', 4, 'model.onnx', (file: string) => truncate(file, 0)],
  ])('is refused with the reason when one %s, and live goes on', async (_what, number, file, damage) => {
    const bad = await largeVersion(rig, number)
    const artifact = artifactPath(rig, bad, file)
    await chmod(artifact, 0o644)
    await damage(artifact)
    await on.node.setPlan([planOf(MODEL, number, [on.good, bad], 1)])
    // Where files lie is nobody's business outside: the reason stands in the log.
    expect(await reasonOf(on.node.url, MODEL, number)).toMatch(/Quote the id/)
    const said = on.node.output
      .split('\n')
      .find((line) => line.includes(`"version":${number}`) && line.includes('The stored file'))
    expect(said).toContain(`The stored file of \\"${file}\\"`)
    await expectUndisturbed(on.load)
  })
})

const canMount = process.getuid?.() === 0 && process.platform === 'linux'

describe.skipIf(!canMount)(
  'a data folder that becomes full (a tmpfs; skipped where mounting is not permitted)',
  () => {
    let rig: NodeRig
    let on: Awaited<ReturnType<typeof start>>

    const mount = (options: string) =>
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', rig.dataDir])

    beforeAll(async () => {
      rig = await NodeRig.create(PROJECT)
      mount('size=24m,mode=0711')
      on = await start(rig)
    })

    afterAll(async () => {
      keepLog('full-disk', on?.node.output ?? '')
      await on?.load.end()
      await on?.node.end()
      execFileSync('umount', [rig.dataDir])
      await rig.close()
    })

    it('refuses the new version with what it needs and what there is, live goes on, and it loads once there is room', async () => {
      // Its 16 MiB of weights lie in the graph, so that they have to be copied out of it.
      const large = await rig.version({
        ...{
          number: 2,
          files: linearModel({ inputs: 2_048, outputs: 2_048 }),
          signature: signatureOf(2_048, 2_048),
        },
        measured: { loadMs: 20, memoryBytes: 120 * 2 ** 20 },
      })
      await on.node.setPlan([planOf(MODEL, 2, [on.good, large], 1)])
      expect(await reasonOf(on.node.url, MODEL, 2)).toMatch(/needs \d+\.\d MiB, has \d+\.\d MiB/)
      await expectUndisturbed(on.load)
      execFileSync('mount', ['-o', 'remount,size=96m', rig.dataDir])
      await on.node.untilAvailable(MODEL, 2, { timeoutMs: 120_000 })
      await expectUndisturbed(on.load)
    })
  },
)
