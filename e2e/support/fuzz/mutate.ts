import type { Random } from '../random.ts'

const CHANGES_MAX = 6
/** What parsers trip over more often than over random bytes. */
const TOKENS = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\0',
    '\n',
    ' ',
    ':',
    '"',
    '{',
    '[',
    ']',
    '}',
    ',',
    '-',
    '0',
    '9'.repeat(40),
    'e308',
  ],
  ...['null', 'NaN', '1e999', '\u{1f98a}', '%', '%ff', '%00', '/', '..', 'content-length: 1\r\n', '\\u0000'],
  ...[
    'transfer-encoding: chunked\r\n',
    'inference-header-content-length: 7\r\n',
    'content-encoding: gzip\r\n',
  ],
].map((text) => Buffer.from(text, 'utf8'))

/** Bytes without any sense. */
export function arbitraryBytes(random: Random, sizeMax: number): Buffer {
  return Buffer.from(Array.from({ length: random.integer(0, sizeMax) }, () => random.integer(0, 255)))
}

/** Something that was good once: bytes flipped, cut out, repeated, or put in. */
export function mutated(random: Random, good: Uint8Array): Buffer {
  let bytes = Buffer.from(good)
  for (let left = random.integer(1, CHANGES_MAX); left > 0; left -= 1) bytes = changed(random, bytes)
  return bytes
}

function changed(random: Random, bytes: Buffer): Buffer<ArrayBuffer> {
  const at = random.integer(0, bytes.length)
  const end = Math.min(bytes.length, at + random.integer(0, 16))
  const around = (middle: Uint8Array) => Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(end)])
  switch (random.integer(0, 5)) {
    case 0:
      return around(Buffer.alloc(0))
    case 1:
      return around(arbitraryBytes(random, 16))
    case 2:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
    case 3:
      return Buffer.from(bytes.subarray(0, at))
    case 4: {
      const copy = Buffer.from(bytes)
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << random.integer(0, 7))
      return copy
    }
    default:
      return Buffer.concat([bytes.subarray(0, at), random.pick(TOKENS), bytes.subarray(at)])
  }
}
