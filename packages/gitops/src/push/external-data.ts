import { readFile, stat } from 'node:fs/promises'

/** `StringStringEntryProto { key: "location", value: … }` as it stands in an ONNX file, up to the length of the value. */
const LOCATION = Buffer.from('\x0a\x08location\x12', 'latin1')
const MAX_SCANNED_BYTES = 512 * 1024 * 1024

/**
 * Names of the files that a model keeps its weights in, as written in it. A quick look for the entries, not a parser: quarantine decides
 * whether the model is whole. Models above 512 MiB carry their weights themselves and are not searched.
 */
export function findExternalData(model: Uint8Array): string[] {
  const bytes = Buffer.from(model.buffer, model.byteOffset, model.byteLength)
  const names = new Set<string>()
  for (let at = bytes.indexOf(LOCATION); at !== -1; at = bytes.indexOf(LOCATION, at + 1)) {
    const { value: length, next } = readVarint(bytes, at + LOCATION.length)
    const name = bytes.toString('utf8', next, next + length)
    if (length > 0 && length <= 512 && next + length <= bytes.length) names.add(name)
  }
  return [...names].sort()
}

function readVarint(bytes: Buffer, start: number): { value: number; next: number } {
  let value = 0
  for (let i = 0; i < 4; i += 1) {
    const byte = bytes[start + i] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return { value, next: start + i + 1 }
  }
  return { value: 0, next: start }
}

/** The same for a file. */
export async function readExternalDataNames(file: string): Promise<string[]> {
  if ((await stat(file)).size > MAX_SCANNED_BYTES) return []
  return findExternalData(await readFile(file))
}
