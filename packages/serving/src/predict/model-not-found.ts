import { PlatformError } from '@understudy/core'

/** What everybody gets who asks for a model that is not there for them: one text, whatever the reason. */
export function modelNotFound(model: string): PlatformError {
  return new PlatformError('serving.model_not_found', `There is no model "${boundedName(model)}" here.`)
}

/** Names come from clients: bounded before they go into a message. */
export function boundedName(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}…` : name
}
