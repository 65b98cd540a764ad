import type { Tx } from '../database.ts'
import type { NotificationKind } from './notification.ts'

export interface DeliveryRecord {
  readonly channel: string
  readonly attempts: number
  readonly deliveredAt: Date | null
  readonly givenUpAt: Date | null
  /** Of the last attempt that failed. */
  readonly lastError: string | null
}

/** What was told, and how far it came. */
export interface NotificationRecord {
  readonly id: string
  readonly kind: NotificationKind
  readonly model: string | null
  readonly title: string
  readonly sentence: string
  readonly createdAt: Date
  /** Empty while no controller has seen it, and where no channel wants its kind. */
  readonly deliveries: readonly DeliveryRecord[]
}

/** The newest notifications, newest first. */
export async function listNotifications(tx: Tx, limit = 100): Promise<NotificationRecord[]> {
  const rows = await tx.outbox.findMany({
    orderBy: { seq: 'desc' },
    take: limit,
    include: { deliveries: { orderBy: { channel: 'asc' } } },
  })
  return rows.map(({ id, kind, modelName: model, body, createdAt, deliveries }) => {
    const { title, sentence } = body as { readonly title: string; readonly sentence: string }
    return {
      ...{ id, kind: kind as NotificationKind, model, title, sentence, createdAt },
      deliveries: deliveries.map(({ channel, attempts, deliveredAt, givenUpAt, lastError }) => ({
        ...{ channel, attempts, deliveredAt, givenUpAt, lastError },
      })),
    }
  })
}
