/** Labels of one series: as pairs, and as the text between the braces of the Prometheus format. */
export interface LabelSet {
  readonly pairs: Readonly<Record<string, string>>
  readonly text: string
  /** When its series began to count: milliseconds since the epoch. */
  readonly sinceMs: number
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => ESCAPES[character] ?? character)
}

/** Makes a label set. Label names must be names that Prometheus knows as such; values may be any text. */
export function labelSet(pairs: Readonly<Record<string, string>>, sinceMs: number): LabelSet {
  const text = Object.entries(pairs)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')
  return { pairs, text, sinceMs }
}

/** The same set with one label more. */
export function withLabel(of: LabelSet, name: string, value: string): LabelSet {
  const text = `${name}="${escaped(value)}"`
  return {
    pairs: { ...of.pairs, [name]: value },
    text: of.text === '' ? text : `${of.text},${text}`,
    sinceMs: of.sinceMs,
  }
}
