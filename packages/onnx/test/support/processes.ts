import { readdir, readFile } from 'node:fs/promises'

/** Whether a process does something: a zombie, which only waits to be counted, does not. Linux. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    return !/^State:\s+[ZX]/m.test(status)
  } catch {
    return false
  }
}

/** Processor time that a process has used, in clock ticks. */
export async function processorTicks(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** Running processes with this text in their command line. */
export async function processesOf(text: string): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    if (line.includes(text) && (await isRunning(Number(name)))) found.push(Number(name))
  }
  return found
}
