/** A piece of a body: bytes where another thread has written it. */
export type BodyPart = string | Uint8Array

/** Pieces that are texts in one text; others as they are, since joining large ones holds the loop up. */
export function joinTexts(parts: readonly BodyPart[]): readonly BodyPart[] {
  return parts.every((part) => typeof part === 'string') ? [parts.join('')] : parts
}
