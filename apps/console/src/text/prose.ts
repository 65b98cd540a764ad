/** A part of a sentence of the platform: words, or code in backticks. */
export interface ProsePart {
  readonly text: string
  readonly code: boolean
}

/** Splits a sentence at its backticks; an unpaired one stays as it is. */
export function proseParts(sentence: string): readonly ProsePart[] {
  const pieces = sentence.split('`')
  if (pieces.length % 2 === 0) return [{ text: sentence, code: false }]
  return pieces.map((text, index) => ({ text, code: index % 2 === 1 })).filter((part) => part.text !== '')
}

/** The first sentence and the rest; never breaks inside code or a number. */
export function firstSentence(text: string): readonly [string, string] {
  const end = /^(?:`[^`]*`|[^`])*?[.](?=\s)/u.exec(text)?.[0]
  if (end === undefined) return [withoutStop(text), '']
  return [withoutStop(end), text.slice(end.length).trim()]
}

/** What a sentence says before the command it gives, and the command; without one, the whole sentence. */
export function beforeCommand(sentence: string, command: string | null): string {
  const at = command === null ? -1 : sentence.indexOf(`\`${command}\``)
  return at === -1 ? sentence : sentence.slice(0, at).trim().replace(/[:,]$/, '')
}

function withoutStop(sentence: string): string {
  return sentence.trim().replace(/\.$/, '')
}
