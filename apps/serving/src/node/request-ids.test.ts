import { expect, it } from 'vitest'
import { requestIds } from './request-ids.ts'

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

it('makes UUIDs of which no two are the same, also not those of two nodes', () => {
  const [one, other] = [requestIds(), requestIds()]
  const ids = Array.from({ length: 10_000 }, () => [one(), other()]).flat()
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.filter((id) => !UUID_V4.test(id))).toEqual([])
})
