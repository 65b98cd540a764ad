import { describe, expect, it } from 'vitest'
import { portProblem } from './checks.ts'

describe('portProblem', () => {
  const wanted = { port: 80, use: 'the console', variable: 'UNDERSTUDY_CONSOLE_PORT' }

  it.each([
    [
      'EADDRINUSE',
      'Port 80 for the console is taken by another process; UNDERSTUDY_CONSOLE_PORT chooses another.',
    ],
    [
      'EACCES',
      'Port 80 for the console may not be used by this account; UNDERSTUDY_CONSOLE_PORT chooses another.',
    ],
    ['EX', 'Port 80 for the console cannot be listened on (EX); UNDERSTUDY_CONSOLE_PORT chooses another.'],
  ])('says in one sentence what %s means and what to change', (code, sentence) => {
    expect(portProblem(wanted, code)).toBe(sentence)
  })
})
