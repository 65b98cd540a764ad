import {
  OVERRIDE_PROOF_HEADER,
  OVERRIDES_PATH,
  type OverrideDocument,
  type OverrideStatus,
  overrideProof,
  parseOverrideStatus,
  signOverride,
} from '@understudy/core'
import { CliError } from '../control/control-client.ts'

export interface NodeRollback {
  /** Where the node answers. */
  readonly nodeUrl: string
  readonly overrideKey: string
  readonly model: string
  /** The version to take off; undefined: whichever is live there. */
  readonly from: number | undefined
  readonly reason: string
  readonly actor: string
  readonly newId: () => string
  readonly nowMs: () => number
}

export interface NodeRolledBack {
  readonly changed: boolean
  readonly sentence: string
}

const TIMEOUT_MS = 10_000
const ANSWER_CHARS_MAX = 64 * 1024

/**
 * Lets the previous version of a model answer on one node, by a decision that is signed for what the node shows. Twice is once.
 *
 * @throws CliError
 */
export async function overrideNode(rollback: NodeRollback): Promise<NodeRolledBack> {
  const { model, from, nodeUrl, overrideKey } = rollback
  const seen = await look(rollback)
  const { override, live, previous, generation } = seen
  if (override !== null) {
    const sentence = `${model} v${override.to} already answers instead of v${override.from} on ${nodeUrl}, by ${override.actor}: ${override.reason}. Nothing was changed.`
    return { changed: false, sentence }
  }
  if (from !== undefined && from !== live) {
    const now = live === null ? 'nothing is live' : `v${live} is live`
    const sentence = `${model} v${from} is not live on ${nodeUrl}; ${now}. Nothing was changed.`
    return { changed: false, sentence }
  }
  if (live === null || generation === null)
    throw new CliError(`No version of ${model} is live on ${nodeUrl}.`)
  if (previous === null) {
    throw new CliError(`${nodeUrl} has no previous version of ${model} loaded: v${live} stays.`)
  }
  const document: OverrideDocument = {
    ...{ id: rollback.newId(), model, generation, from: live, to: previous },
    ...{ reason: rollback.reason, actor: rollback.actor, issuedAtMs: rollback.nowMs() },
  }
  const body = JSON.stringify(signOverride(overrideKey, document))
  const now = await ask(rollback, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  return { changed: true, sentence: done(nodeUrl, document, { seen, now }) }
}

function done(
  nodeUrl: string,
  { model, from, generation }: OverrideDocument,
  { seen, now }: { readonly seen: OverrideStatus; readonly now: OverrideStatus },
): string {
  const next =
    seen.planAgeMs === null
      ? 'It has its control plane, which takes this over as a rollback of every node in a moment.'
      : 'Other nodes go on as they were. When its control plane is back and still at this generation, it becomes a rollback with a hold; else the plan wins.'
  return `${model} is back on v${now.live ?? '?'} on ${nodeUrl}, instead of v${from} at generation ${generation}. ${next}`
}

function look(rollback: NodeRollback): Promise<OverrideStatus> {
  const proof = overrideProof(rollback.overrideKey, rollback.model, rollback.nowMs())
  return ask(rollback, { method: 'GET', headers: { [OVERRIDE_PROOF_HEADER]: proof } })
}

async function ask({ nodeUrl, model }: NodeRollback, init: RequestInit): Promise<OverrideStatus> {
  const url = `${nodeUrl.replace(/\/+$/, '')}${OVERRIDES_PATH}${encodeURIComponent(model)}`
  let answer: Response
  let text: string
  try {
    answer = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
    text = (await answer.text()).slice(0, ANSWER_CHARS_MAX)
  } catch (cause) {
    throw new CliError(`The node does not answer at ${nodeUrl}.`, { cause })
  }
  const value = jsonOf(text)
  const status = answer.ok ? parseOverrideStatus(value) : undefined
  if (status !== undefined) return status
  throw new CliError(
    errorOf(value) ?? `${nodeUrl} answered ${answer.status}, and not as a serving node does.`,
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function errorOf(value: unknown): string | undefined {
  const error = typeof value === 'object' && value !== null && 'error' in value ? value.error : undefined
  return typeof error === 'string' ? error : undefined
}
