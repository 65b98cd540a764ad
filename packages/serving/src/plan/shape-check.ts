/** Answers whether a value has exactly this shape: every key, no further key. */
export type Check<T> = (value: unknown) => value is T

export const isString: Check<string> = (value): value is string => typeof value === 'string'
export const isBoolean: Check<boolean> = (value): value is boolean => typeof value === 'boolean'
export const isFiniteNumber: Check<number> = (value): value is number => Number.isFinite(value)

export function isNullOr<T>(check: Check<T>): Check<T | null> {
  return (value): value is T | null => value === null || check(value)
}

export function isOneOf<const T extends readonly unknown[]>(values: T): Check<T[number]> {
  return (value): value is T[number] => values.includes(value)
}

export function isEither<A, B>(a: Check<A>, b: Check<B>): Check<A | B> {
  return (value): value is A | B => a(value) || b(value)
}

export function isListOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(check)
}

export function isRecordOf<T>(check: Check<T>): Check<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> => isPlain(value) && Object.values(value).every(check)
}

export function isShape<T extends object>(checks: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const expected = Object.entries<Check<unknown>>(checks)
  return (value): value is T =>
    isPlain(value) &&
    Object.keys(value).length === expected.length &&
    expected.every(([key, check]) => Object.hasOwn(value, key) && check(value[key]))
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
