import type { Tx } from '../../src/index.ts'

/** What is thrown where a controller dies. */
export const POWER_CUT = 'power cut'

/** A transaction whose statement number `after + 1` is never sent: the process dies before it. */
export function dyingTx(tx: Tx, after: number): Tx {
  let left = after
  const step = <T>(send: () => T): T => {
    if (left === 0) throw new Error(POWER_CUT)
    left -= 1
    return send()
  }
  const counted = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(from, key) {
        const value: unknown = Reflect.get(from, key)
        if (typeof value === 'function') {
          return (...args: unknown[]) => step(() => Reflect.apply(value, from, args) as unknown)
        }
        return typeof value === 'object' && value !== null ? counted(value) : value
      },
    })
  return counted(tx)
}
