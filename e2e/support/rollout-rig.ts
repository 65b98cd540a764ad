import type { Clone } from './clone.ts'
import { Load } from './load/load.ts'
import { BODIES, scaledModel } from './models.ts'
import type { PlatformAccess } from './platform-access.ts'
import { sharedPlatform } from './shared-platform.ts'

const RATE = 120
const WITHIN_MS = 60_000

/** The shared platform, a clone of its repository, and loads on its models, for the rollouts of one file. */
export class RolloutRig {
  readonly platform: PlatformAccess
  readonly clone: Clone
  readonly #loads: Load[] = []

  private constructor(platform: PlatformAccess, clone: Clone) {
    this.platform = platform
    this.clone = clone
  }

  static async open(): Promise<RolloutRig> {
    const platform = await sharedPlatform()
    return new RolloutRig(platform, await platform.clone())
  }

  /** A constant load, until {@link endLoads}. */
  async load(model: string, bodies: readonly string[] = BODIES, ratePerSecond = RATE): Promise<Load> {
    const url = `${this.platform.restUrl}/v1/models/${model}:predict`
    const load = await Load.begin({ url, ratePerSecond, bodies })
    this.#loads.push(load)
    return load
  }

  /** A new model, whose version 1 is live. */
  async newModel(model: string, config: string): Promise<void> {
    await this.clone.pushVersion({ model, number: 1, bytes: scaledModel(1), config })
    await this.platform.untilLive(model, 1)
  }

  async untilStep(model: string, step: string) {
    return await this.platform.until(
      model,
      `it comes to ${step}`,
      ({ rollout }) => rollout?.step === step,
      WITHIN_MS,
    )
  }

  async untilEnded(model: string, number: number) {
    return await this.platform.until(
      model,
      `the rollout of v${number} ends`,
      ({ rollout }) => rollout?.version === number && !['progressing', 'paused'].includes(rollout.state),
      WITHIN_MS,
    )
  }

  /** For afterEach. */
  async endLoads(): Promise<void> {
    for (const load of this.#loads.splice(0)) await load.end()
  }
}
