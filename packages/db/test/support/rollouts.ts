import { expect } from 'vitest'
import { approve, verifyAudit } from '../../src/index.ts'
import type { FakeNode } from './fake-node.ts'
import { World } from './world.ts'

export const ADA = 'local:ada'
export const CLEAN = { pairs: 600 }

/** A world with one node in which every test has a model of its own. */
export class Rollouts {
  readonly world: World
  readonly node: FakeNode
  #models = 0

  private constructor(world: World, node: FakeNode) {
    this.world = world
    this.node = node
  }

  static async open(): Promise<Rollouts> {
    const world = await World.open()
    return new Rollouts(world, await world.node('node-1'))
  }

  async close(): Promise<void> {
    expect(await verifyAudit(this.world.database)).toMatchObject({ ok: true })
    await this.world.close()
  }

  nextModel(): string {
    this.#models += 1
    return `model-${this.#models}`
  }

  async standing(model: string) {
    const { live, previous, generation, aspired } = await this.world.record(model)
    return { live, previous, generation, aspired }
  }

  /** Version 1 live, version 2 in its shadow. */
  async inShadow(model: string, config?: string): Promise<void> {
    await this.world.withLive(model, config === undefined ? {} : { config })
    await this.world.pushValid(model, 2)
    expect(await this.world.settle(model)).toEqual(['started', 'shadowReady'])
  }

  /** Version 2 passed and waits for approval. */
  async passed(model: string, config?: string): Promise<void> {
    await this.inShadow(model, config)
    await this.node.counts(model, CLEAN)
    expect(await this.world.settle(model)).toEqual(['passed'])
  }

  async approved(model: string) {
    return await approve(this.world.database, { model, version: 2, actor: ADA })
  }
}
