import { readFile } from 'node:fs/promises'

const BITS = { sysNice: 23n, sysResource: 24n } as const

/** Whether this process may do what Linux gives by capabilities. False where there are none to be read. */
export async function hasCapability(name: keyof typeof BITS): Promise<boolean> {
  try {
    const status = await readFile('/proc/self/status', 'utf8')
    const effective = BigInt(`0x${/^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
    return (effective & (1n << BITS[name])) !== 0n
  } catch {
    return false
  }
}
