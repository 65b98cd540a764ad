import { describe, expect, test } from 'vitest'
import { flatText, isCut, plainText } from './plain-text.ts'

describe('plainText', () => {
  test('keeps ordinary text, of any script, in one run', () => {
    expect(plainText('Retrain on 鸢尾花 – naïve “quotes” 🌸')).toEqual([
      { text: 'Retrain on 鸢尾花 – naïve “quotes” 🌸', mark: undefined },
    ])
  })

  test.each([
    ['\u202e', 'U+202E'],
    ['\u2066', 'U+2066'],
    ['\u200f', 'U+200F'],
    ['\u061c', 'U+061C'],
    ['\u0000', 'U+0000'],
    ['\u001b', 'U+001B'],
    ['\ufeff', 'U+FEFF'],
    ['\u200b', 'U+200B'],
  ])('shows the hidden character %j as a mark', (character, mark) => {
    expect(plainText(`a${character}b`)).toEqual([
      { text: 'a', mark: undefined },
      { text: '', mark },
      { text: 'b', mark: undefined },
    ])
  })

  test('turns lines into spaces, so that one subject stays one line', () => {
    expect(flatText(' one\n\n two\tthree ')).toBe('one two three')
  })

  test('leaves markup as text', () => {
    expect(flatText('<b>x</b> &amp; [l](u)')).toBe('<b>x</b> &amp; [l](u)')
  })

  test('cuts at 120 characters, never inside one, and says so', () => {
    const long = '🌸'.repeat(121)
    expect(isCut(long)).toBe(true)
    expect(flatText(long)).toBe(`${'🌸'.repeat(120)}…`)
    expect(isCut('🌸'.repeat(120))).toBe(false)
    expect(flatText('🌸'.repeat(120))).toBe('🌸'.repeat(120))
  })

  test('gives nothing for nothing', () => {
    expect(plainText('   ')).toEqual([])
  })
})
