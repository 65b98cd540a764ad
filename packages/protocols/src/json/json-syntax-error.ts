/** A text that is not JSON: RapidJSON's sentence and the offset in bytes. */
export class JsonSyntaxError extends Error {
  readonly reason: string
  readonly offset: number

  constructor(reason: string, offset: number) {
    super(`${reason} at offset: ${offset}`)
    this.name = 'JsonSyntaxError'
    this.reason = reason
    this.offset = offset
  }
}

/** RapidJSON's sentences, so that a client sees the same text as from TensorFlow Serving. */
export const JSON_SYNTAX = {
  documentEmpty: 'The document is empty.',
  valueInvalid: 'Invalid value.',
  nameMissing: 'Missing a name for object member.',
  colonMissing: 'Missing a colon after a name of object member.',
  objectEndMissing: 'Missing a comma or } after an object member.',
  arrayEndMissing: 'Missing a comma or ] after an array element.',
  hexInvalid: 'Incorrect hex digit after \\u escape in string.',
  surrogateInvalid: 'The surrogate pair in string is invalid.',
  escapeInvalid: 'Invalid escape character in string.',
  quoteMissing: 'Missing a closing quotation mark in string.',
  encodingInvalid: 'Invalid encoding in string.',
  numberTooBig: 'Number too big to be stored in double.',
  fractionMissing: 'Missing fraction part in number.',
  exponentMissing: 'Missing exponent in number.',
  tooDeep: 'Nesting is too deep.',
} as const
