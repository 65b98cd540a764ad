import { PlatformError } from './errors/platform-error.ts'

/** A model name as it may appear in a path, a URL and a metric label. */
export const MODEL_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** Names that would collide with routes of the wire protocols. */
const RESERVED_MODEL_NAMES: ReadonlySet<string> = new Set(['stats'])

export function isModelName(name: string): boolean {
  return MODEL_NAME_PATTERN.test(name) && !RESERVED_MODEL_NAMES.has(name)
}

/**
 * Reads a version number out of a directory name: a positive integer up to 2^53 - 1 without sign, zeros in front or spaces.
 *
 * @throws PlatformError `gitops.version_number_invalid`
 */
export function parseVersionNumber(text: string): number {
  const number = Number(text)
  if (!/^[1-9][0-9]{0,15}$/.test(text) || !Number.isSafeInteger(number)) {
    throw new PlatformError(
      'gitops.version_number_invalid',
      `"${text}" is not a version number: a version directory is named 1, 2, 3 and so on.`,
    )
  }
  return number
}

/** How a version is written for people: `iris@3`. */
export function versionName(model: string, number: number): string {
  return `${model}@${number}`
}

/** The 8 characters of a digest that people see. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 8)
}

/** The 7 characters of a commit that people see. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7)
}
