import { elementCount, type Tensor } from '@understudy/core'
import { decodeFloat16 } from './float16.ts'

/** Two found things are the same when all their numbers are this close. */
const ATOL = 1e-5
const RTOL = 1e-3
/** How many things of nearly the same first number are tried for a partner: bounds the work for lists that are all alike. */
const PARTNERS_TRIED = 64

/**
 * How far two versions found the same things, whatever the order: things in both over things in either (Jaccard), from 0 to 1. A thing is
 * a vector along the last axis, or an element where there is only one axis; each counts as often as it was found. Numbers are the same
 * within a thousandth; text, integers and truth values exactly.
 *
 * Null when type, rank or the size of a thing differ, so that nothing in it can be the same. Two empty lists are the same list.
 */
export function overlapOf(baseline: Tensor, candidate: Tensor): number | null {
  const width = widthOf(baseline)
  const comparable =
    baseline.dtype === candidate.dtype &&
    baseline.shape.length === candidate.shape.length &&
    width === widthOf(candidate) &&
    [baseline, candidate].every(({ shape, data }) => data.length === elementCount(shape))
  if (!comparable) return null
  const [left, right] = [baseline, candidate].map((tensor) => thingsOf(tensor, width))
  if (left === undefined || right === undefined) return null
  if (left.length + right.length === 0) return 1
  const shared = isFloat(baseline)
    ? countClose(left as Numbers[], right as Numbers[])
    : countEqual(left, right)
  return shared / (left.length + right.length - shared)
}

type Numbers = readonly number[]
type Thing = Numbers | string

function widthOf({ shape }: Tensor): number {
  return shape.length < 2 ? 1 : (shape.at(-1) ?? 1)
}

function isFloat({ dtype }: Tensor): boolean {
  return dtype === 'float16' || dtype === 'float32' || dtype === 'float64'
}

function thingsOf(tensor: Tensor, width: number): readonly Thing[] {
  const data = tensor.dtype === 'float16' ? decodeFloat16(tensor.data as Uint16Array) : tensor.data
  const things: Thing[] = []
  if (width === 0) return things
  const float = isFloat(tensor)
  for (let from = 0; from < data.length; from += width) {
    const values = Array.from({ length: width }, (_, index) => data[from + index])
    things.push(float ? values.map(Number) : JSON.stringify(values.map(String)))
  }
  return things
}

function countEqual(left: readonly Thing[], right: readonly Thing[]): number {
  const open = new Map<Thing, number>()
  for (const thing of left) open.set(thing, (open.get(thing) ?? 0) + 1)
  let shared = 0
  for (const thing of right) {
    const count = open.get(thing) ?? 0
    if (count === 0) continue
    open.set(thing, count - 1)
    shared++
  }
  return shared
}

/** Pairs each thing with the first open one that is close, in the order of their first numbers. */
function countClose(left: readonly Numbers[], right: readonly Numbers[]): number {
  const ranked = [...right].sort(byNumbers)
  const taken = new Uint8Array(ranked.length)
  let [shared, begin] = [0, 0]
  for (const thing of [...left].sort(byNumbers)) {
    const first = thing[0] ?? 0
    while (begin < ranked.length && (taken[begin] === 1 || isBelow(ranked[begin]?.[0] ?? 0, first))) begin++
    for (let at = begin, tried = 0; at < ranked.length && tried < PARTNERS_TRIED; at++) {
      if (taken[at] === 1) continue
      const other = ranked[at]
      tried++
      if (other === undefined || !isClose(thing, other)) continue
      taken[at] = 1
      shared++
      break
    }
  }
  return shared
}

/** Too small to be close to this number or any greater one. */
function isBelow(value: number, first: number): boolean {
  return value < first - (ATOL + RTOL * Math.abs(first))
}

function isClose(left: Numbers, right: Numbers): boolean {
  return left.every((value, index) => {
    const other = right[index] ?? 0
    if (Object.is(value, other)) return true
    const difference = Math.abs(other - value)
    return difference < Number.POSITIVE_INFINITY && difference <= ATOL + RTOL * Math.abs(value)
  })
}

function byNumbers(left: Numbers, right: Numbers): number {
  for (const [index, value] of left.entries()) {
    const difference = order(value) - order(right[index] ?? 0)
    if (difference !== 0 && !Number.isNaN(difference)) return difference
  }
  return 0
}

/** NaN comes first, so that an order exists. */
function order(value: number): number {
  return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value
}
