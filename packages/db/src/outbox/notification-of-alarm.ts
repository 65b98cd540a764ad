import type { Notification } from './notification.ts'

/** Git and what is served differ for too long. */
export interface DriftAlarm {
  readonly model: string
  readonly reason: string
  readonly detail: string
  readonly since: Date
}

/** A hold stands beyond its time. It goes on standing. */
export interface HoldAlarm {
  readonly id: string
  readonly model: string
  readonly number: number
  readonly actor: string
  readonly reason: string
  readonly expiresAt: Date
}

/** A node that had joined says nothing any more. */
export interface NodeAlarm {
  readonly incarnation: string
  readonly name: string
  readonly restUrl: string
  readonly leaseUntil: Date
}

/** The live version does worse on outcomes than it did in its rollout. */
export interface QualityWorse {
  readonly model: string
  readonly number: number
  readonly digest: string
  readonly sentence: string
}

/** The same drift, however its reason changes, is one alarm: it is told apart by the moment at which it began. */
export function notificationOfDrift({ model, reason, detail, since }: DriftAlarm): Notification {
  return {
    kind: 'driftTooLong',
    dedupKey: `driftTooLong:${model}:${since.getTime()}`,
    model,
    version: null,
    title: `${model} drifts from Git`,
    sentence: `${model}: what is live and what Git asks for differ since ${since.toISOString()}: ${detail}`,
    path: modelPath(model),
    details: { reason, since: since.toISOString() },
  }
}

export function notificationOfHold({ id, model, number, actor, reason, expiresAt }: HoldAlarm): Notification {
  return {
    kind: 'holdExpired',
    dedupKey: `holdExpired:${id}:${expiresAt.getTime()}`,
    model,
    version: number,
    title: `the hold on ${model} has expired`,
    sentence: `${model}: the hold by ${actor} on v${number} was meant to last until ${expiresAt.toISOString()} and still stands: ${reason}`,
    path: modelPath(model),
    details: { holdId: id, actor, reason, expiresAt: expiresAt.toISOString() },
  }
}

export function notificationOfNode({ incarnation, name, restUrl, leaseUntil }: NodeAlarm): Notification {
  return {
    kind: 'nodeUnreachable',
    dedupKey: `nodeUnreachable:${incarnation}:${leaseUntil.getTime()}`,
    model: null,
    version: null,
    title: `serving node ${name} is unreachable`,
    sentence: `The serving node ${name} (${restUrl}) has not reported since its lease ran out at ${leaseUntil.toISOString()}. It may still answer clients, with the plan it has.`,
    path: '/',
    details: { node: name, restUrl, incarnation, leaseUntil: leaseUntil.toISOString() },
  }
}

/** Told once for the bytes of a version: who heard it looks at the curve. */
export function notificationOfQuality({ model, number, digest, sentence }: QualityWorse): Notification {
  return {
    kind: 'qualityWorse',
    dedupKey: `qualityWorse:${model}:${digest}`,
    model,
    version: number,
    title: `${model} v${number} has become worse`,
    sentence,
    path: modelPath(model),
    details: { digest },
  }
}

function modelPath(model: string): string {
  return `/models/${encodeURIComponent(model)}`
}
