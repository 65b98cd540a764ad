import { type DeliveryRecord, listNotifications, type Tx } from '@understudy/db'
import type { DeliveryView, NotificationView } from '../../views/index.ts'

/** The newest notifications with how far each came, newest first. */
export async function readNotifications(tx: Tx, limit: number): Promise<readonly NotificationView[]> {
  const rows = await listNotifications(tx, limit)
  return rows.map(({ id, kind, model, sentence, createdAt, deliveries }) => ({
    ...{ id, kind, model, sentence, at: createdAt.toISOString() },
    deliveries: deliveries.map(deliveryView),
  }))
}

function deliveryView({
  channel,
  attempts,
  deliveredAt,
  givenUpAt,
  lastError,
}: DeliveryRecord): DeliveryView {
  const common = { channel, attempts, lastError }
  if (deliveredAt !== null) return { ...common, state: 'delivered', at: deliveredAt.toISOString() }
  if (givenUpAt !== null) return { ...common, state: 'givenUp', at: givenUpAt.toISOString() }
  return { ...common, state: 'waiting', at: null }
}
