/**
 * The text as Postgres can hold it: NUL and halves of surrogate pairs become U+FFFD. Names and messages of models come from outside;
 * one odd character must not keep a whole report or verdict from being recorded.
 */
export function storableText(text: string): string {
  return text.replace(/\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')
}

/** JSON text of a value whose every string is storable. Keys are ours. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'string' ? storableText(part) : part))
}

/** A JSON text as Postgres can hold it. Only one with an odd character is taken apart. */
export function storableJsonText(json: string): string {
  return /\\u0000|\\ud[89a-f]/i.test(json) ? storableJson(JSON.parse(json)) : json
}
