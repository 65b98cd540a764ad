/**
 * Writes a number as RapidJSON does, whose writer Triton uses: the fewest digits that bring the double back, `.0` behind whole numbers,
 * `1e21` without a plus; `NaN`, `Infinity` and `-Infinity` bare.
 */
export function formatDouble(value: number): string {
  const text = String(value)
  if (!Number.isInteger(value)) return text
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  return text.includes('e') ? text.replace('e+', 'e') : `${text}.0`
}
