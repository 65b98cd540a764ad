import { PlatformError } from '@understudy/core'

const NAME_CHARACTERS_MAX = 100

export function malformed(message: string): PlatformError {
  return new PlatformError('request.malformed', message)
}

/** What Triton says of a member of the request that it could not read, and why. */
export function unableToParse(member: string, reason: string): PlatformError {
  return malformed(`Unable to parse '${member}': ${reason}`)
}

/** Triton's reasons for a JSON value that has another type than was asked for. */
export const JSON_ACCESS = {
  array: 'attempt to access JSON non-array as array',
  boolean: 'attempt to access JSON non-boolean as boolean',
  double: 'attempt to access JSON non-number as double',
  object: 'attempt to access JSON non-object as object',
  signed: 'attempt to access JSON non-signed-integer as signed-integer',
  string: 'attempt to access JSON non-string as string',
  unsigned: 'attempt to access JSON non-unsigned-integer as unsigned-integer',
} as const

/** Names come from clients: bounded before they go into a message. */
export function shownName(name: string): string {
  return name.length > NAME_CHARACTERS_MAX ? `${name.slice(0, NAME_CHARACTERS_MAX)}...` : name
}
