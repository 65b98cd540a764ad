import { type BenchEntry, type Finding, outcomeOf } from './entry.ts'
import { type Target, targetOf } from './target.ts'

const HEAD = ['id', 'figure', 'value', 'floor', 'goal', 'verdict', 'samples'] as const

/** The figures as a table for a terminal, with the notes of each below it. */
export function formatTable(entries: readonly BenchEntry[], findings: readonly Finding[]): string {
  const rows = [HEAD, ...entries.map(rowOf)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  const notes = entries.flatMap((entry) => notesOf(entry, findings))
  return [...lines.map((line) => line.trimEnd()), '', ...notes].join('\n')
}

/** The same for a few figures, a line each, for whoever waits for the table. */
export function formatFindings(entries: readonly BenchEntry[], findings: readonly Finding[]): string {
  return entries
    .flatMap((entry) => {
      const [id = '', figure = '', value = '', floor = '', , verdict = ''] = rowOf(entry)
      return [`${id.padStart(4)}  ${figure}: ${value} (${floor}) ${verdict}`, ...notesOf(entry, findings)]
    })
    .join('\n')
}

function rowOf(entry: BenchEntry): readonly string[] {
  const target = targetOf(entry.id)
  return [
    entry.id,
    entry.figure,
    entry.value === null ? '-' : shown(entry.value, target),
    bound(entry.floorToPass, target),
    bound(entry.goal, target),
    outcomeOf(target, entry),
    spread(entry.samples),
  ]
}

function notesOf({ id, reason }: BenchEntry, findings: readonly Finding[]): readonly string[] {
  const notes = findings.find((finding) => finding.id === id)?.notes ?? []
  return [...(reason === undefined ? [] : [`not measured: ${reason}`]), ...notes].map(
    (note) => `${id.padStart(4)}  ${note}`,
  )
}

function bound(value: number, target: Target): string {
  return `${target.better === 'atLeast' ? '≥' : '≤'} ${shown(value, target)}`
}

function shown(value: number, { unit }: Target): string {
  return unit === '' ? String(value) : `${value} ${unit}`
}

/** How many there are and how far they lie apart. */
function spread(samples: readonly number[]): string {
  if (samples.length === 0) return '0'
  return `${samples.length} (${Math.min(...samples)} … ${Math.max(...samples)})`
}
