/** Some texts, one behind the other. */
interface TextPart {
  readonly bytes: Uint8Array
  /** Of each text, in UTF-16 units. */
  readonly lengths: Uint32Array
  readonly encoding: 'latin1' | 'utf16le'
}

/**
 * Texts as they cross between threads: in buffers, which are handed over, where each text of an array would be copied in one go. What is
 * no valid Unicode stays as it is.
 */
export interface PackedTexts {
  readonly count: number
  readonly parts: readonly TextPart[]
}

/** A part is made in well below a millisecond. */
const PART_TEXTS_MAX = 8 * 1024
const PART_UNITS_MAX = 1024 * 1024

function packPart(texts: readonly string[]): TextPart {
  const lengths = new Uint32Array(texts.length)
  for (let index = 0; index < texts.length; index += 1) lengths[index] = texts[index]?.length ?? 0
  const whole = texts.join('')
  // Memory of its own: small buffers of Node share theirs.
  const latin1 = Buffer.allocUnsafeSlow(whole.length)
  latin1.write(whole, 'latin1')
  if (latin1.toString('latin1') === whole) return { bytes: latin1, lengths, encoding: 'latin1' }
  const utf16 = Buffer.allocUnsafeSlow(2 * whole.length)
  utf16.write(whole, 'utf16le')
  return { bytes: utf16, lengths, encoding: 'utf16le' }
}

/** Packs part by part: whoever drives it may let others run in between. */
export function* packTexts(texts: readonly string[]): Generator<void, PackedTexts> {
  const parts: TextPart[] = []
  let from = 0
  while (from < texts.length) {
    let to = from
    let units = 0
    while (to < texts.length && to - from < PART_TEXTS_MAX && units < PART_UNITS_MAX) {
      units += texts[to]?.length ?? 0
      to += 1
    }
    parts.push(packPart(texts.slice(from, to)))
    from = to
    yield
  }
  return { count: texts.length, parts }
}

/** The texts again, part by part likewise. */
export function* unpackTexts({ count, parts }: PackedTexts): Generator<void, readonly string[]> {
  const texts = new Array<string>(count)
  let at = 0
  for (const { bytes, lengths, encoding } of parts) {
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding)
    let from = 0
    for (const length of lengths) {
      texts[at] = whole.slice(from, from + length)
      at += 1
      from += length
    }
    yield
  }
  return texts
}
