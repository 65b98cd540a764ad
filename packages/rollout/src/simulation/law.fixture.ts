/** Throws the law that was broken. Cheaper than `expect`, of which a history would need thousands. */
export function law(what: string, holds: boolean): asserts holds {
  if (!holds) throw new Error(`broken: ${what}`)
}
