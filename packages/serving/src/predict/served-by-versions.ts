import type { ServedBy } from '@understudy/core'
import type { ServableId } from '../servable.ts'
import type { LoadedVersion } from './loaded-version.ts'

interface Selected {
  readonly id: ServableId
  readonly variant: ServedBy['variant']
  readonly generation: number
  readonly override?: string | undefined
}

/**
 * Who answered, for every answer of a version: the same object as long as generation, variant and override stay the same, so that protocols can
 * keep what they make of it.
 */
export class ServedByVersions {
  readonly #known = new WeakMap<LoadedVersion, Partial<Record<ServedBy['variant'], ServedBy>>>()

  of(loaded: LoadedVersion, { id, variant, generation, override }: Selected): ServedBy {
    let variants = this.#known.get(loaded)
    if (variants === undefined) {
      variants = {}
      this.#known.set(loaded, variants)
    }
    const known = variants[variant]
    if (known?.generation === generation && known.override === override) return known
    const { digest, commit } = loaded.planned
    const made = {
      ...{ model: id.name, version: id.version, digest, commit, variant, generation },
      ...(override !== undefined && { override }),
    }
    variants[variant] = made
    return made
  }
}
