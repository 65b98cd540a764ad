const CHARACTERS_MAX = 100

/** A name that came from outside, for a message. */
export function shownName(name: string): string {
  return name.length > CHARACTERS_MAX ? `${name.slice(0, CHARACTERS_MAX)}...` : name
}
