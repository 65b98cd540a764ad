/** The outbox keeps what it told for this long: the same alarm is told once while it is kept. */
export const REMEMBERED_DAYS = 30
