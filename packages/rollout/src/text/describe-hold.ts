import { commandText } from './commands.ts'
import { formatDuration } from './format.ts'
import type { ModelSituation } from './model-situation.ts'

/** Who holds what is live and why, as a part of a sentence: `local:ada holds what is live (v2 was odd)`. */
export function holderOf({ hold }: ModelSituation): string {
  return hold === null
    ? 'an operator holds what is live'
    : `${hold.actor} holds what is live (${hold.reason})`
}

/** Says that a hold is past its expiry, which only alarms; empty when it is not. */
export function expiredHold({ hold, nowMs, model }: ModelSituation): string {
  if (hold === null || hold.expiresAtMs === null || hold.expiresAtMs > nowMs) return ''
  const ago = formatDuration(nowMs - hold.expiresAtMs)
  return ` The hold expired ${ago} ago and stands until someone ends it: ${commandText('hold', model, '--release')}.`
}
