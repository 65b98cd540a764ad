import { type ArtifactRef, goldenSampleSchema } from '@understudy/core'
import type { ArtifactStore } from '../artifacts/artifact-store.ts'
import { SNAPSHOT_LIMITS } from '../snapshot/limits.ts'
import type { GoldenText } from './quarantine-port.ts'
import { type Reason, reason } from './reason.ts'

const MAX_DEPTH = 16

export interface GoldenRead {
  readonly samples: readonly GoldenText[]
  readonly reasons: readonly Reason[]
}

/** Nesting of brackets outside of strings: cheaper than parsing, and before it. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code === 0x5c && inString) i += 1
    else if (code === 0x22) inString = !inString
    else if (inString) continue
    else if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth)
    else if (code === 0x5d || code === 0x7d) depth -= 1
  }
  return deepest
}

/** Checks the form of one golden sample file, or says what is wrong with it. Pure. */
export function parseGolden(path: string, bytes: Uint8Array): GoldenText | Reason {
  const refuse = (what: string) => reason('gitops.golden_invalid', `${path}: ${what}.`)
  if (bytes.byteLength > SNAPSHOT_LIMITS.maxGoldenFileBytes) return refuse('larger than 8 MiB')
  let content: string
  let value: unknown
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (depthOf(content) > MAX_DEPTH) return refuse(`nested deeper than ${MAX_DEPTH}`)
    value = JSON.parse(content)
  } catch (error) {
    return refuse(error instanceof Error ? `not JSON: ${error.message}` : 'not JSON')
  }
  const result = goldenSampleSchema.safeParse(value)
  if (result.success) return { path, content }
  const [issue] = result.error.issues
  const at = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''
  const expected = 'expected request.inputs and response.outputs by name'
  return refuse(`${at}${issue?.message ?? 'not a golden sample'}; ${expected}`)
}

/** Reads all golden samples of a version, in order of their paths. One bad file never hides another's mistake. */
export async function readGolden(store: ArtifactStore, golden: readonly ArtifactRef[]): Promise<GoldenRead> {
  const samples: GoldenText[] = []
  const reasons: Reason[] = []
  for (const file of [...golden].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (/^golden\/README(\.[A-Za-z]+)?$/i.test(file.path)) continue
    if (!file.path.endsWith('.json')) {
      reasons.push(reason('gitops.golden_invalid', `${file.path}: only .json files are golden samples here.`))
      continue
    }
    const chunks: Uint8Array[] = []
    for await (const chunk of store.open(file.sha256)) chunks.push(chunk)
    const parsed = parseGolden(file.path, Buffer.concat(chunks))
    if ('content' in parsed) samples.push(parsed)
    else reasons.push(parsed)
  }
  return { samples, reasons }
}
