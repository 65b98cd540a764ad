export interface ExposedFamily {
  readonly type: string
  /** Value by name and labels, as written. */
  readonly samples: Map<string, number>
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/

/** Reads the text format of Prometheus strictly: every line, each family in one piece, each histogram complete and cumulative. */
export function parseExposition(text: string): ReadonlyMap<string, ExposedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line is not ended')
  const families = new Map<string, ExposedFamily>()
  let name = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, type, of, rest] = /^# (HELP|TYPE|UNIT) (\S+) (.+)$/.exec(line) ?? []
    if (type === 'HELP' && of !== undefined) {
      if (families.has(of)) throw new Error(`${of} is in two pieces`)
      name = of
    } else if (type === 'TYPE' && rest !== undefined) families.set(name, { type: rest, samples: new Map() })
    else if (type === undefined) addSample(families.get(name), name, line)
  }
  for (const [family, { type, samples }] of families)
    if (type === 'histogram') checkHistogram(family, samples)
  return families
}

function addSample(family: ExposedFamily | undefined, name: string, line: string): void {
  const [, sample, labels = '', value] = SAMPLE.exec(line) ?? []
  const suffixes = family?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
  if (sample === undefined || !suffixes.some((suffix) => sample === name + suffix))
    throw new Error(`not a sample of ${name}: ${line}`)
  const key = `${sample}{${labels}}`
  if (family?.samples.has(key)) throw new Error(`twice: ${key}`)
  family?.samples.set(key, Number(value))
}

function checkHistogram(name: string, samples: ReadonlyMap<string, number>): void {
  let last = 0
  for (const [key, value] of samples) {
    if (!key.startsWith(`${name}_bucket`)) continue
    if (value < last) throw new Error(`not cumulative: ${key}`)
    const [, labels] = /^[^{]*\{(?:(.*),)?le="\+Inf"\}$/.exec(key) ?? []
    const isLast = key.endsWith('le="+Inf"}')
    last = isLast ? 0 : value
    if (isLast && samples.get(`${name}_count{${labels ?? ''}}`) !== value)
      throw new Error(`count of ${key} differs`)
  }
}
