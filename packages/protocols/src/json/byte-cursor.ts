import { JsonSyntaxError } from './json-syntax-error.ts'

/** A place in a byte text. Reading past the end gives -1. */
export class ByteCursor {
  readonly bytes: Uint8Array
  at: number
  readonly #buffer: Buffer

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  peek(): number {
    return this.bytes[this.at] ?? -1
  }

  skipWhitespace(): void {
    for (;;) {
      const byte = this.bytes[this.at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.at += 1
    }
  }

  /** Moves past `byte` if it is next. */
  consume(byte: number): boolean {
    if (this.bytes[this.at] !== byte) return false
    this.at += 1
    return true
  }

  /** Moves past as much of the word as is there; true when all of it was. */
  consumeWord(word: string): boolean {
    for (let index = 0; index < word.length; index += 1) {
      if (!this.consume(word.charCodeAt(index))) return false
    }
    return true
  }

  text(from: number, to: number): string {
    return this.#buffer.toString('utf8', from, to)
  }

  fail(reason: string, offset = this.at): never {
    throw new JsonSyntaxError(reason, offset)
  }
}
