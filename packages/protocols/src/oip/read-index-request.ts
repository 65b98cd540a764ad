import { JsonSyntaxError } from '../json/json-syntax-error.ts'
import { isJsonObject, member } from '../json/json-value.ts'
import { parseJson } from '../json/parse-json.ts'
import { JSON_ACCESS, malformed, unableToParse } from './oip-error-texts.ts'

/**
 * Whether a request for the repository's index asks for ready versions only. An empty body asks for all.
 *
 * @throws PlatformError `request.malformed`
 */
export function readIndexRequest(bytes: Uint8Array): { readonly readyOnly: boolean } {
  if (bytes.length === 0) return { readyOnly: false }
  try {
    const document = parseJson(bytes)
    if (!isJsonObject(document)) throw malformed(JSON_ACCESS.object)
    const ready = member(document, 'ready') ?? false
    if (typeof ready !== 'boolean') throw unableToParse('ready', JSON_ACCESS.boolean)
    return { readyOnly: ready }
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw malformed(`failed to parse the request JSON buffer: ${error.reason} at ${error.offset}`)
  }
}
