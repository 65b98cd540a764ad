import type { VersionSelector } from '@understudy/core'
import { malformed, shownName } from '../oip/oip-error-texts.ts'

/**
 * The version that a message asks for: a number, or a label such as `canary`; undefined for the empty text.
 *
 * @throws PlatformError `request.malformed`
 */
export function selectorOfVersion(text: string): VersionSelector | undefined {
  if (text === '') return undefined
  if (/^[0-9]/.test(text)) {
    const number = Number(text)
    if (/^[0-9]+$/.test(text) && Number.isSafeInteger(number)) return { kind: 'number', number }
    throw malformed(`failed to get model version from specified version string '${shownName(text)}'`)
  }
  return { kind: 'label', label: text }
}
