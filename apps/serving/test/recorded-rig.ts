import path from 'node:path'
import type { Signature } from '@understudy/core'
import { World } from '@understudy/db/testing'
import { linearModel, waitFor } from '@understudy/testing'
import { NodeRig } from '@understudy/testing/node-rig'

const PROJECT = path.resolve(import.meta.dirname, '../../..')
/** Of the models that {@link RecordedRig.push} makes: a weighted sum of two numbers. */
const SIGNATURE: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 2] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 1] }],
}

export type RecordedNode = Awaited<ReturnType<NodeRig['start']>>
export type Pair = readonly [number, number]

/** Real nodes on a real database whose pushes and decisions a test makes by hand; one model, whose versions are weighted sums. */
export class RecordedRig {
  readonly world: World
  readonly #rig: NodeRig
  readonly #model: string
  readonly #config: string
  readonly #nodes: RecordedNode[] = []

  private constructor(of: { world: World; rig: NodeRig; model: string; config: string }) {
    this.world = of.world
    this.#rig = of.rig
    this.#model = of.model
    this.#config = of.config
  }

  /** @param config `model.yaml` of the model */
  static async open(model: string, config: string): Promise<RecordedRig> {
    const [world, rig] = await Promise.all([World.open(), NodeRig.create(PROJECT)])
    return new RecordedRig({ world, rig, model, config })
  }

  async start(name: string, env: Readonly<Record<string, string>> = {}): Promise<RecordedNode> {
    const node = await this.#rig.start({
      name,
      env: {
        ...{ UNDERSTUDY_PLAN_FILE: '', UNDERSTUDY_NODE_NAME: name, LOG_LEVEL: 'debug' },
        ...{ DATABASE_URL: this.world.databaseUrl, ...env },
      },
    })
    this.#nodes.push(node)
    return node
  }

  /** A version is pushed and validated whose bytes the nodes can load. */
  async push(number: number, weights: Pair): Promise<void> {
    const files = linearModel({ inputs: 2, outputs: 1, weights: [...weights] })
    const { files: refs } = await this.#rig.version({ number, files, signature: SIGNATURE })
    const [file] = refs
    await this.world.push(this.#model, number, { config: this.#config })
    await this.prisma
      .$executeRaw`UPDATE version_file SET sha256 = ${file?.sha256}, size_bytes = ${file?.sizeBytes}
      WHERE model = ${this.#model} AND number = ${number} AND path = 'model.onnx'`
    await this.world.validate(this.#model, number, {
      ...{ ok: true, signature: SIGNATURE, batchable: true, comparisons: {} },
      ...{ loadMs: 1, memoryBytes: 110_000_000 },
    })
  }

  async predict(
    node: RecordedNode,
    rows: readonly Pair[],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<object> {
    const answer = await fetch(`${node.url}/v1/models/${this.#model}:predict`, {
      ...{ method: 'POST', headers },
      body: JSON.stringify({ instances: rows }),
    })
    return (await answer.json()) as object
  }

  /** Decides again and again, as the controller would, until it holds. */
  async reconciled(what: string, holds: () => Promise<boolean>): Promise<void> {
    await waitFor(what, async () => {
      await this.world.reconcile(this.#model)
      return await holds()
    }).catch((error: unknown) => {
      const said = this.#nodes.map(({ output }) => output.slice(-3_000))
      throw new Error(`${error}\n${said.join('\n')}`)
    })
  }

  /** The first version answers. */
  async answered(node: RecordedNode): Promise<void> {
    await this.reconciled(
      'a version to answer',
      async () => 'predictions' in (await this.predict(node, [[0, 0]])),
    )
  }

  async untilShadow(number: number): Promise<void> {
    await this.reconciled(`the shadow of v${number}`, async () => {
      const rollout = await this.world.rollout(this.#model)
      return rollout.step === 'shadow' && rollout.number === number
    })
  }

  get prisma() {
    return this.world.database.prisma
  }

  async close(): Promise<void> {
    await this.#rig.close()
    await this.world.close()
  }
}
