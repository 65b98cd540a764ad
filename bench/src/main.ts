import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseBenchArgs } from './bench-args.ts'
import { toEntries } from './report/entry.ts'
import { formatFindings, formatTable } from './report/table.ts'
import { writeEntries } from './report/write-entries.ts'
import { ROWS } from './rows/index.ts'
import { RowRunner } from './run-rows.ts'

const HERE = fileURLToPath(new URL('../../', import.meta.url))
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const

/** Measures, prints a table and writes `.understudy/bench.json`. Fails only when a figure could not be measured. */
async function main(): Promise<number> {
  const args = parseBenchArgs(process.argv.slice(2))
  const say = (text: string) => process.stderr.write(`${text}\n`)
  const runner = new RowRunner({
    project: path.resolve(args.project ?? HERE),
    rounds: args.rounds,
    profile: args.profile === undefined ? undefined : path.resolve(args.profile),
    say,
    onFindings: (findings) => say(formatFindings(toEntries(findings), findings)),
  })
  for (const [signal, number] of Object.entries(SIGNALS)) {
    process.once(signal, () => void runner.close().finally(() => process.exit(128 + number)))
  }
  const findings = await runner.run(ROWS.filter((row) => row.ids.some((id) => args.ids.includes(id))))
  const entries = toEntries(findings)
  process.stdout.write(`${formatTable(entries, findings)}\n`)
  await writeEntries(path.join(HERE, '.understudy', 'bench.json'), entries)
  return entries.some((entry) => entry.value === null) ? 1 : 0
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
