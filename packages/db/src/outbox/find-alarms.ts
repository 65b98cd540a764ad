import type { Tx } from '../database.ts'
import { enqueueNotification } from './enqueue-notification.ts'
import type { Notification } from './notification.ts'
import {
  type DriftAlarm,
  type HoldAlarm,
  type NodeAlarm,
  notificationOfDrift,
  notificationOfHold,
  notificationOfNode,
} from './notification-of-alarm.ts'
import { REMEMBERED_DAYS } from './remembered-days.ts'

export interface AlarmLimits {
  /** Drift older than this is told. */
  readonly driftAlarmMs: number
  /** A node may be away for this long after its lease, so that one that is started again is no alarm. @defaultValue 10000 */
  readonly nodeGraceMs?: number
}

/**
 * Puts what has lasted too long into the outbox, each once: drift, holds whose time has passed, joined nodes whose lease ran out while they
 * were not draining and whose place no newer process took. Returns how many are new. Time is the database's.
 *
 * What began before the outbox's memory was told of then.
 */
export async function findAlarms(
  tx: Tx,
  { driftAlarmMs, nodeGraceMs = 10_000 }: AlarmLimits,
): Promise<number> {
  const drifts = await tx.$queryRaw<DriftAlarm[]>`
    SELECT name AS model, drift_reason AS reason, coalesce(drift_detail, drift_reason) AS detail, drift_since AS since FROM model
    WHERE drift_reason IS NOT NULL AND drift_since < clock_timestamp() - ${driftAlarmMs}::float8 * interval '1 millisecond'
      AND drift_since > clock_timestamp() - ${REMEMBERED_DAYS} * interval '1 day'
    ORDER BY drift_since, name`
  const holds = await tx.$queryRaw<HoldAlarm[]>`
    SELECT id, model, number::float8 AS number, actor, reason, expires_at AS "expiresAt" FROM hold
    WHERE closed_at IS NULL AND expires_at < clock_timestamp() AND expires_at > clock_timestamp() - ${REMEMBERED_DAYS} * interval '1 day'
    ORDER BY expires_at, id`
  const nodes = await tx.$queryRaw<NodeAlarm[]>`
    SELECT incarnation, name, rest_url AS "restUrl", lease_until AS "leaseUntil" FROM node n
    WHERE joined AND NOT draining AND lease_until < clock_timestamp() - ${nodeGraceMs}::float8 * interval '1 millisecond'
      AND lease_until > clock_timestamp() - ${REMEMBERED_DAYS} * interval '1 day'
      AND NOT EXISTS (SELECT 1 FROM node newer WHERE newer.name = n.name AND newer.started_at > n.started_at)
    ORDER BY lease_until, incarnation`
  const alarms: readonly Notification[] = [
    ...drifts.map(notificationOfDrift),
    ...holds.map(notificationOfHold),
    ...nodes.map(notificationOfNode),
  ]
  let found = 0
  for (const alarm of alarms) if (await enqueueNotification(tx, alarm)) found += 1
  return found
}
