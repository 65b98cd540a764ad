import { InvalidArgumentError } from 'commander'

/** A version number as an argument: `3` or `v3`. */
export function versionArgument(text: string): number {
  const number = Number(text.replace(/^v/, ''))
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('A version is a number such as 3.')
  return number
}
