import { type AspiredVersionPolicy, firstToLoad, lowestToUnload } from './aspired-version-policy.ts'

/**
 * Never lets a model go dark: a version is unloaded only when nothing is aspired any more, or when an aspired version is ready and no
 * label points to the old one. Costs memory for both during a change; a version that does not fit beside the others is refused, with the
 * numbers, and is loaded as soon as there is room.
 *
 * @see TensorFlow Serving, core/availability_preserving_policy.h
 */
export const availabilityPreservingPolicy: AspiredVersionPolicy = {
  mayDarken: false,
  nextAction(versions) {
    const aspired = versions.filter((version) => version.aspired)
    const replaced = aspired.length === 0 || aspired.some((version) => version.state === 'ready')
    const leaving = versions.filter(
      (version) => !version.aspired && version.state === 'ready' && !version.labelled,
    )
    return (replaced ? lowestToUnload(leaving) : null) ?? firstToLoad(versions)
  },
}
