import { type AspiredVersionPolicy, firstToLoad, lowestToUnload } from './aspired-version-policy.ts'

/**
 * Never holds two versions where one fits: loads only after everything that is no longer aspired is gone. The model is dark meanwhile.
 *
 * @see TensorFlow Serving, core/resource_preserving_policy.h
 */
export const resourcePreservingPolicy: AspiredVersionPolicy = {
  nextAction(versions) {
    const leaving = versions.filter((version) => !version.aspired)
    const unload = lowestToUnload(leaving.filter((version) => version.state === 'ready'))
    if (unload !== null) return unload
    return leaving.length > 0 ? null : firstToLoad(versions)
  },
}
