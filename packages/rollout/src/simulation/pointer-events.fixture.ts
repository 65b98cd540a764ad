import type { ModelWorld } from './model-world.fixture.ts'

/** A commit names what shall be live: any number at the tip, and now and then one that is not there. Naming the same again is no change. */
export function point(world: ModelWorld, nth: number): void {
  const numbers = [...world.tip.map(({ number }) => number), 1 + (world.tip.at(-1)?.number ?? 0)]
  const live = numbers[nth % numbers.length] ?? 1
  if (world.stalled || world.pointer?.live === live) return
  world.pointer = { live, file: 'environments/production.yaml', changedAtMs: world.nowMs, settled: false }
  world.nowMs += 1
}

/** A commit takes the entry out. */
export function unpoint(world: ModelWorld): void {
  if (!world.stalled) world.pointer = null
}
