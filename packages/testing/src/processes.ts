import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** One process as /proc shows it. Pid and start tick together never name another one. */
export interface ProcessEntry {
  readonly pid: number
  readonly parentPid: number
  readonly startTick: string
  readonly commandLine: string
}

/** Everything that runs now and is no zombie. */
export function processTable(): ProcessEntry[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readEntry(Number(name)) : []))
}

/** A process and everything below it. */
export function processTree(rootPid: number): ProcessEntry[] {
  const table = processTable()
  const found = table.filter((entry) => entry.pid === rootPid)
  for (const parent of found) found.push(...table.filter((entry) => entry.parentPid === parent.pid))
  return found
}

/** Those of the given processes that still run. */
export function stillRunning(entries: readonly ProcessEntry[]): ProcessEntry[] {
  const now = new Map(processTable().map((entry) => [entry.pid, entry.startTick]))
  return entries.filter((entry) => now.get(entry.pid) === entry.startTick)
}

/** Processes that name a folder in their command line, their environment or as their working directory. */
export function processesNaming(folder: string): ProcessEntry[] {
  return processTable().filter(
    ({ pid, commandLine }) =>
      pid !== process.pid &&
      (commandLine.includes(folder) ||
        readText(`/proc/${pid}/environ`).includes(folder) ||
        workingDirectory(pid).startsWith(folder)),
  )
}

/** Fields of `stat` are counted behind the name of the program, which may hold spaces and brackets. */
function readEntry(pid: number): ProcessEntry[] {
  const stat = readText(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, parent] = fields
  const startTick = fields[19]
  if (state === undefined || state === 'Z' || state === 'X' || startTick === undefined) return []
  const commandLine = readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
  return [{ pid, parentPid: Number(parent), startTick, commandLine }]
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function workingDirectory(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}
