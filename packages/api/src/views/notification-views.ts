/** How far a notification came over one channel. */
export interface DeliveryView {
  readonly channel: string
  /** `waiting` is tried again; `givenUp` is not. */
  readonly state: 'delivered' | 'waiting' | 'givenUp'
  readonly attempts: number
  /** ISO 8601: when it was delivered or given up; null while it waits. */
  readonly at: string | null
  /** Why the last attempt failed; null when none did. */
  readonly lastError: string | null
}

/** What people were told. */
export interface NotificationView {
  readonly id: string
  readonly kind: string
  readonly model: string | null
  readonly sentence: string
  /** ISO 8601. */
  readonly at: string
  /** Empty where no channel wants its kind, and until a controller has looked at it. */
  readonly deliveries: readonly DeliveryView[]
}
