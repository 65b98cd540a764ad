import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { approve } from '@understudy/db'
import { type FakeNode, World } from '@understudy/db/testing'
import { type ControlService, createControlService } from '../../src/control/index.ts'

export const MODEL = 'iris'
export const ADA = 'local:ada'

/** The control service over a whole record in a database of its own, with one node. */
export class ControlStage {
  readonly world: World
  readonly dataDir: string
  readonly service: ControlService & { close(): Promise<void> }

  private constructor(world: World, dataDir: string) {
    this.world = world
    this.dataDir = dataDir
    this.service = createControlService({
      databaseUrl: world.databaseUrl,
      dataDir,
      environment: 'production',
      actor: ADA,
      servingUrl: 'http://127.0.0.1:8501',
      repositoryUrl: 'file:///srv/models.git',
      repositoryBranch: 'main',
    })
  }

  static async open(): Promise<ControlStage> {
    return new ControlStage(await World.open(), await mkdtemp(path.join(os.tmpdir(), 'understudy-api-')))
  }

  /** Forgets everything; the node is the only one again. */
  async reset(): Promise<FakeNode> {
    await this.world.reset()
    return await this.world.node('node-1')
  }

  async close(): Promise<void> {
    await this.service.close()
    await this.world.close()
    await rm(this.dataDir, { recursive: true })
  }

  /** Version 2 passed its shadow and waits for approval. */
  async waitsForApproval(node: FakeNode, name = MODEL): Promise<void> {
    await this.world.withLive(name)
    await this.world.pushValid(name, 2)
    await this.world.settle(name)
    await node.counts(name, { pairs: 600, differing: { score: 7 } })
    await this.world.settle(name)
  }

  /** Version 2 is live. */
  async promoted(node: FakeNode): Promise<void> {
    await this.waitsForApproval(node)
    await approve(this.world.database, { model: MODEL, version: 2, actor: ADA })
    await this.world.settle(MODEL)
  }

  async rejectVersion(name: string, number: number): Promise<void> {
    await this.world.push(name, number)
    const reasons = [{ code: 'onnx.load_failed', message: 'unknown operator Foo' }]
    await this.world.validate(name, number, { ok: false, reasons })
  }
}
