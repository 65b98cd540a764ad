import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SlotList } from './slot-list.ts'

it('holds what was added and not deleted, as a set does', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ index: fc.nat(9), adds: fc.boolean() })), (steps) => {
      const elements = Array.from({ length: 10 }, (_, name) => ({ name, slot: -1 }))
      const list = new SlotList<(typeof elements)[number]>()
      const expected = new Set<(typeof elements)[number]>()
      for (const { index, adds } of steps) {
        const element = elements[index]
        if (element === undefined) continue
        if (adds && !expected.has(element)) list.add(element)
        if (adds) expected.add(element)
        else expect(list.delete(element)).toBe(expected.delete(element))
      }
      expect(new Set(list.all())).toEqual(expected)
      expect(list.size).toBe(expected.size)
    }),
  )
})
