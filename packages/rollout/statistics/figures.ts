import { appendFileSync, mkdirSync } from 'node:fs'

const FOLDER = 'test-results'

/** Adds a line to what `npm run test:statistics` shows at its end. */
export function note(what: string, figures: object): void {
  const known = Object.entries(figures).filter(([, value]) => !Number.isNaN(value))
  const text = known.map(([name, value]) => `${name} ${shown(value)}`)
  mkdirSync(FOLDER, { recursive: true })
  appendFileSync(`${FOLDER}/statistics.txt`, `${what}: ${text.join(', ')}\n`)
}

function shown(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : String(value)
}
