/**
 * A whole number below 2^53 that a text determines and nobody without the salt can foresee or steer.
 *
 * Not cryptographic: 53 well-mixed bits (the public-domain cyrb53), at a cost that the request path does not feel.
 */
export function hashText(text: string, salt: string): number {
  let [left, right] = [0xdeadbeef, 0x41c6ce57]
  for (const part of [salt, text]) {
    for (let index = 0; index < part.length; index++) {
      const unit = part.charCodeAt(index)
      left = Math.imul(left ^ unit, 2654435761)
      right = Math.imul(right ^ unit, 1597334677)
    }
    // An end mark, so that moving a character from text to salt gives another hash.
    left = Math.imul(left ^ 0x10000, 2654435761)
    right = Math.imul(right ^ 0x10000, 1597334677)
  }
  left = Math.imul(left ^ (left >>> 16), 2246822507) ^ Math.imul(right ^ (right >>> 13), 3266489909)
  right = Math.imul(right ^ (right >>> 16), 2246822507) ^ Math.imul(left ^ (left >>> 13), 3266489909)
  return 4294967296 * (2097151 & right) + (left >>> 0)
}

/** A number drawn from 0 (included) to 1 (excluded); the same text and salt draw the same number. */
export function drawUniform(text: string, salt: string): number {
  return hashText(text, salt) / 2 ** 53
}

/** One of `rows` rows, each with the same probability. */
export function drawRow(draw: number, rows: number): number {
  return Math.floor(draw * rows)
}
