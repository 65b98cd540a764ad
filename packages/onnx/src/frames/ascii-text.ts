/** Texts up to this length are handled here character by character: for names that is faster than a call into the runtime. */
const MAX_LENGTH = 48
const ASCII_END = 0x80

/** Whether every character of a short text is ASCII, so that it takes one byte each. */
export function isShortAscii(text: string): boolean {
  if (text.length > MAX_LENGTH) return false
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) >= ASCII_END) return false
  }
  return true
}

/** The text of a few ASCII bytes; undefined when there are many, or one is not ASCII. */
export function shortAscii(bytes: Uint8Array, from: number, length: number): string | undefined {
  if (length > MAX_LENGTH) return undefined
  let text = ''
  for (let at = from; at < from + length; at++) {
    const byte = bytes[at] ?? ASCII_END
    if (byte >= ASCII_END) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}
