import { expect, it } from 'vitest'
import { AnswerBurst } from './answer-burst.ts'

const tick = () => new Promise<void>((resolve) => setImmediate(resolve))

it('writes all answers of a turn before it counts the first of them', async () => {
  const burst = new AnswerBurst()
  const told: string[] = []
  const due = (name: string) => ({
    write: () => told.push(`${name} written`),
    written: () => told.push(`${name} counted`),
  })
  burst.add(due('first'))
  burst.add(due('second'))
  expect(told).toEqual([])
  await tick()
  expect(told).toEqual(['first written', 'second written', 'first counted', 'second counted'])
})

it('takes what comes while it writes into the next burst', async () => {
  const burst = new AnswerBurst()
  const told: string[] = []
  const second = { write: () => told.push('second'), written: () => {} }
  burst.add({
    write: () => {
      told.push('first')
      burst.add(second)
    },
    written: () => told.push('first counted'),
  })
  await tick()
  expect(told).toEqual(['first', 'first counted', 'second'])
})
