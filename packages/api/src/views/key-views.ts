/** What everybody may know of an API key. Its secret part is stored nowhere. */
export interface KeyView {
  readonly id: string
  readonly name: string
  /** Models it may be used for; null means all. */
  readonly models: readonly string[] | null
  readonly verbs: readonly string[]
  readonly state: 'valid' | 'expired' | 'revoked'
  readonly createdBy: string
  /** ISO 8601, as the times below. */
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly revokedBy: string | null
  readonly revokedAt: string | null
}

/** A key that was just made. */
export interface CreatedKeyView {
  readonly key: KeyView
  /** What clients send after `Bearer `. Nobody can show it again. */
  readonly token: string
}
