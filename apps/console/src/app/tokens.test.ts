import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

type Colour = readonly [lightness: number, chroma: number, hue: number]

/** OKLCH to relative luminance by the matrices of CSS Color 4; out-of-gamut channels are clipped as a screen does. */
function luminance([lightness, chroma, hue]: Colour): number {
  const a = chroma * Math.cos((hue * Math.PI) / 180)
  const b = chroma * Math.sin((hue * Math.PI) / 180)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((channel) => Math.min(1, Math.max(0, channel)))
  const [red = 0, green = 0, blue = 0] = linear
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: Colour, other: Colour): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')

function tokensOf(selector: string): ReadonlyMap<string, Colour> {
  const start = css.indexOf(`${selector} {`)
  const block = css.slice(start, css.indexOf('}', start))
  const entries = [...block.matchAll(/--([\w-]+): oklch\(([\d.]+) ([\d.]+) ?([\d.]+)?\)/g)].map(
    ([, name = '', l, c, h]) => [name, [Number(l), Number(c), Number(h ?? 0)]] as const,
  )
  return new Map(entries)
}

const THEMES = { light: tokensOf(':root'), dark: tokensOf('[data-theme="dark"]') }
const GROUNDS = ['canvas', 'surface', 'sunken', 'hover']
const TEXTS = ['ink', 'ink-2', 'ink-3', 'cand', 'ok', 'warn', 'bad', 'base']
const SOFT = ['cand', 'ok', 'warn', 'bad']

describe.each(Object.entries(THEMES))('contrast in the %s theme', (_theme, tokens) => {
  const colour = (name: string): Colour => {
    const found = tokens.get(name)
    if (!found) throw new Error(`no token --${name}`)
    return found
  }
  const ratio = (one: string, other: string) => contrast(colour(one), colour(other))

  test.each(TEXTS.flatMap((text) => GROUNDS.map((ground) => [text, ground])))(
    '%s on %s reads (4.5)',
    (text, ground) => {
      expect(ratio(text, ground)).toBeGreaterThanOrEqual(4.5)
    },
  )

  test.each(SOFT)('%s reads on its own soft ground, and so do the inks (4.5)', (tone) => {
    for (const text of [tone, 'ink', 'ink-2']) {
      expect(ratio(text, `${tone}-soft`)).toBeGreaterThanOrEqual(4.5)
    }
  })

  test('the primary and the destructive button read (4.5)', () => {
    expect(ratio('surface', 'ink')).toBeGreaterThanOrEqual(4.5)
    expect(ratio('on-solid', 'bad-solid')).toBeGreaterThanOrEqual(4.5)
  })

  test.each(GROUNDS)('the edge of a control is seen on %s (3.0)', (ground) => {
    expect(ratio('control', ground)).toBeGreaterThanOrEqual(3)
  })

  test.each(['cand', 'ok', 'warn', 'bad', 'base'])(
    'a stroke of %s is seen on the track of a gauge (3.0)',
    (tone) => {
      expect(ratio(tone, 'sunken')).toBeGreaterThanOrEqual(3)
    },
  )
})

test('the mathematics agrees with known pairs: black on white is 21, grey #767676 is 4.54', () => {
  expect(contrast([0, 0, 0], [1, 0, 0])).toBeCloseTo(21, 1)
  expect(contrast([0.5654, 0, 0], [1, 0, 0])).toBeCloseTo(4.54, 1)
})

test('both themes name the same tokens', () => {
  expect([...THEMES.dark.keys()]).toEqual([...THEMES.light.keys()])
})
