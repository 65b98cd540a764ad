import { PlatformError, versionName } from '@understudy/core'
import type { ServableRequest } from '../servable.ts'
import { toServableState } from './harness-state.ts'
import type { LoaderHarness } from './loader-harness.ts'
import type { ServingModel } from './serving-map.ts'

type Managed<S> = ReadonlyMap<number, LoaderHarness<S>> | undefined

/**
 * Finds the available version that a request names.
 *
 * @throws PlatformError `serving.model_not_found`, `serving.version_not_found`, `serving.label_not_found`, `serving.version_not_available`
 */
export function resolveRequest<S>(
  request: ServableRequest,
  serving: ServingModel<S> | undefined,
  managed: Managed<S>,
): LoaderHarness<S> {
  if (serving === undefined && managed === undefined) {
    throw new PlatformError('serving.model_not_found', `There is no model "${request.name}" here.`)
  }
  const version = 'version' in request ? request.version : labelTarget(request, serving)
  const harness = serving?.versions.get(version)
  if (harness !== undefined) return harness
  throw notAvailable(request.name, version, managed)
}

function labelTarget<S>(
  request: { readonly name: string; readonly label: string },
  serving: ServingModel<S> | undefined,
): number {
  const { name, label } = request
  const target = serving?.labelSet?.labels.get(label)
  if (target !== undefined) return target
  if (label === 'live') {
    throw new PlatformError('serving.version_not_available', `Model "${name}" has no live version here yet.`)
  }
  throw new PlatformError('serving.label_not_found', `Model "${name}" has no label "${label}".`)
}

function notAvailable<S>(name: string, version: number, managed: Managed<S>): PlatformError {
  const harness = managed?.get(version)
  if (harness === undefined) {
    return new PlatformError('serving.version_not_found', `Model "${name}" has no version ${version} here.`)
  }
  const state = toServableState(harness.state)
  const because = harness.error === undefined ? '' : ` (${harness.error.code})`
  return new PlatformError(
    'serving.version_not_available',
    `${versionName(name, version)} is not available: its state is "${state}"${because}.`,
  )
}
