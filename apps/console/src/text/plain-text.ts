/** One run of text as it may be shown: plain, or the mark of a character that would have changed the reading order. */
export interface TextRun {
  readonly text: string
  /** `U+202E`: shown as a mark in place of the character. */
  readonly mark: string | undefined
}

export const SHOWN_CHARACTERS = 120

// Bidirectional controls, other C0 and C1 controls, zero-width characters and the byte order mark.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u

/**
 * Text from Git as plain runs: no character of it can hide, reorder or imitate what stands beside it.
 *
 * New lines become spaces; text longer than `limit` characters is cut, and says so.
 */
export function plainText(text: string, limit: number = SHOWN_CHARACTERS): readonly TextRun[] {
  const characters = oneLine(text)
  const runs: TextRun[] = []
  let plain = ''
  for (const character of characters.slice(0, limit)) {
    if (!HIDDEN.test(character)) {
      plain += character
      continue
    }
    if (plain !== '') runs.push({ text: plain, mark: undefined })
    plain = ''
    runs.push({ text: '', mark: codePoint(character) })
  }
  if (characters.length > limit) plain += '…'
  if (plain !== '') runs.push({ text: plain, mark: undefined })
  return runs
}

/** Whether {@link plainText} would leave something out. */
export function isCut(text: string, limit: number = SHOWN_CHARACTERS): boolean {
  return oneLine(text).length > limit
}

/** The runs as one string, for places that take only text such as titles and names for assistive technology. */
export function flatText(text: string, limit: number = SHOWN_CHARACTERS): string {
  return plainText(text, limit)
    .map((run) => run.mark ?? run.text)
    .join('')
}

function oneLine(text: string): readonly string[] {
  return [...text.replace(/[ \t\r\n\u00a0\u2028\u2029]+/gu, ' ').replace(/^ | $/g, '')]
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
