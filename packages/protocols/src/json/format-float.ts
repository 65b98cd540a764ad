import { decodeFloat16 } from './float16.ts'

/** Digits that always bring the value back, C++'s `max_digits10`; and the last bit below which a tie at them can lie. */
const FULL = {
  float32: { digits: 9, tieScale: 2 ** 14 },
  float64: { digits: 17, tieScale: 2 ** 25 },
} as const

/** `%.*e`: JavaScript rounds a tie up, C rounds it to the even digit. */
function exponential(value: number, digits: number, tieScale: number): string {
  const text = value.toExponential(digits - 1)
  if (!Number.isInteger(value * tieScale)) return text
  const exact = value.toExponential(60)
  const cut = exact.startsWith('-') ? digits + 2 : digits + 1
  const tie = /^50*(e[+-]\d+)$/.exec(exact.slice(cut))
  return tie !== null && '02468'.includes(exact.charAt(cut - 1)) ? exact.slice(0, cut) + tie[1] : text
}

/** Turns `d.ddde±x` into what `%g` prints: no zeros at the end, an exponent of two digits only where it is small or large. */
function general(text: string, digits: number): string {
  const negative = text.startsWith('-')
  const at = text.indexOf('e')
  const exponent = Number(text.slice(at + 1))
  const mantissa = text
    .slice(negative ? 1 : 0, at)
    .replace('.', '')
    .replace(/0+$/, '')
  const all = mantissa === '' ? '0' : mantissa
  const sign = negative ? '-' : ''
  if (exponent < -4 || exponent >= digits) {
    const size = String(Math.abs(exponent)).padStart(2, '0')
    const fraction = all.length > 1 ? `.${all.slice(1)}` : ''
    return `${sign}${all[0]}${fraction}e${exponent < 0 ? '-' : '+'}${size}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${all}`
  const whole = all.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = all.slice(exponent + 1)
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`
}

/** Makes six digits before the point of a size in the decade of the same index. */
const SCALES = [1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1] as const
const DECADES = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1e3, 1e4, 1e5] as const

/**
 * The common case by arithmetic: magnitudes for which `%g` prints no exponent. Undefined where it has to be done exactly.
 *
 * A power of ten up to 1e12 times a float needs at most 52 bits, so the product is exact and so is its rounding; the quotient is
 * the double nearest to a decimal of at most 9 digits, and JavaScript prints that decimal back.
 */
function formatPlain(value: number, type: 'float32' | 'float64'): string | undefined {
  const size = Math.abs(value)
  if (!(size >= 1e-4 && size < 1e6)) return undefined
  let decade = 0
  while (decade < 9 && size >= (DECADES[decade + 1] ?? 0)) decade += 1
  const scale = SCALES[decade] ?? 1
  const short = Math.round(size * scale) / scale
  let text: string
  if ((type === 'float32' ? Math.fround(short) : short) === size) text = String(short)
  else {
    if (type === 'float64') return undefined
    const scaled = size * scale * 1000
    if (scaled - Math.floor(scaled) === 0.5) return undefined
    text = String(Math.round(scaled) / (scale * 1000))
  }
  const signed = value < 0 ? `-${text}` : text
  return text.includes('.') ? signed : `${signed}.0`
}

/**
 * Writes a float exactly as TensorFlow Serving does: `%g` with 6 digits if that brings the value back, else with 9 (float)
 * or 17 (double); `.0` when there is neither point nor exponent; `NaN`, `Infinity` and `-Infinity` bare.
 */
export function formatFloat(value: number, type: 'float32' | 'float64'): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return Object.is(value, -0) ? '-0.0' : `${value}.0`
  if (!Number.isFinite(value)) return String(value)
  const plain = formatPlain(value, type)
  if (plain !== undefined) return plain
  const short = value.toExponential(5)
  const back = type === 'float32' ? Math.fround(Number(short)) : Number(short)
  const { digits, tieScale } = FULL[type]
  const text = back === value ? general(short, 6) : general(exponential(value, digits, tieScale), digits)
  return text.includes('.') || text.includes('e') ? text : `${text}.0`
}

/** The same for the 16 bits of a half, which TensorFlow Serving widens to float first. */
export function formatFloat16(bits: number): string {
  return formatFloat(decodeFloat16(bits), 'float32')
}
