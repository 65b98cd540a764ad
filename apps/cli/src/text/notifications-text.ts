import type { DeliveryView, NotificationView } from '@understudy/api/views'
import Table from 'cli-table3'
import { BORDERLESS } from './borderless.ts'

const moment = (iso: string) => iso.slice(0, 19).replace('T', ' ')

function deliveryText({ channel, state, attempts, lastError }: DeliveryView): string {
  if (state === 'delivered') return `${channel}: delivered`
  const why = lastError === null ? '' : ` (${lastError})`
  const tried = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`
  return state === 'givenUp'
    ? `${channel}: given up after ${tried}${why}`
    : `${channel}: waits, ${tried}${why}`
}

/** What people were told and how far it came, the newest first. Times are UTC. */
export function notificationsText(notifications: readonly NotificationView[]): string {
  if (notifications.length === 0) return 'Nobody was told anything yet.'
  const table = new Table({ ...BORDERLESS, head: ['WHEN', 'KIND', 'WHAT', 'DELIVERY'] })
  for (const { at, kind, sentence, deliveries } of notifications) {
    const reached = deliveries.length === 0 ? 'over no channel' : deliveries.map(deliveryText).join('; ')
    table.push([moment(at), kind, sentence, reached])
  }
  return table.toString()
}
