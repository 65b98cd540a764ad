import type { ModelView } from '@understudy/api/views'

/** `iris v2`: the version that is tried, else the live one. */
export function modelTitle(model: Pick<ModelView, 'name' | 'live' | 'rollout'>): string {
  const { rollout, live, name } = model
  const version = rollout !== null && rollout.endedAt === null ? rollout.candidate : live
  return version === null ? name : `${name} v${version.number}`
}
