import type { AspiredVersionsManager } from '../manager/aspired-versions-manager.ts'
import type { VersionPlace } from '../manager/take-snapshots.ts'
import type { LoadedVersion } from '../predict/loaded-version.ts'
import type { LoadContext, ServableId, ServableRole } from '../servable.ts'
import type { CapturedInputs } from './captured-inputs.ts'
import { decidePlaceRole, decideRole } from './decide-role.ts'
import type { PlanIndex } from './plan-index.ts'

export interface VersionRolesOptions {
  readonly manager: Pick<AspiredVersionsManager<LoadedVersion>, 'labelsOf' | 'loadedOf'>
  readonly index: PlanIndex
  readonly captured: CapturedInputs
}

/** What versions are for, by the newest plan and the labels in effect, as each of those who ask needs it. */
export class VersionRoles {
  readonly #options: VersionRolesOptions

  constructor(options: VersionRolesOptions) {
    this.#options = options
  }

  /** For the policy. */
  placeOf(id: ServableId): VersionPlace {
    const plan = this.#options.index.planOf(id.name)
    const promised = Object.values(plan?.labels ?? {}).includes(id.version)
    return { role: decidePlaceRole(id.version, plan, this.#roleOf(id)), promised }
  }

  /** For a load that begins now. */
  contextOf(id: ServableId): Omit<LoadContext, 'id' | 'signal'> {
    const { index, captured } = this.#options
    const planned = index.planned(id.name, id.version)
    return {
      role: this.#roleOf(id),
      warmUpInputs: planned && captured.of(id.name, planned.signature),
    }
  }

  /**
   * Tells the loaded versions of a model, after whatever may have changed it: the plan, the labels in effect, what is loaded. In the same
   * synchronous step as the labels, so that no request meets a version that does not know yet that it is live.
   *
   * One that the plan does not hold any more stays what it was until it is unloaded: nothing is prepared for it.
   */
  tell(name: string): void {
    const { manager, index } = this.#options
    for (const { id, servable } of manager.loadedOf(name)) {
      if (index.planned(name, id.version) !== undefined) servable.assume(this.#roleOf(id))
    }
  }

  #roleOf({ name, version }: ServableId): ServableRole {
    const { index, manager } = this.#options
    return decideRole(version, index.planOf(name), manager.labelsOf(name))
  }
}
