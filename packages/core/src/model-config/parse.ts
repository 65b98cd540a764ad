import { isMap, isPair, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import { PlatformError } from '../errors/platform-error.ts'
import { type ModelConfig, modelConfigSchema } from './schema.ts'

const MAX_YAML_BYTES = 64 * 1024

type PathKey = string | number | symbol

/** Where the value (or, for a wrong key, the key itself) stands in the text. */
function locate(root: unknown, path: readonly PathKey[], key?: string): number {
  let node = root
  let offset = 0
  for (const step of path) {
    if (!isMap(node)) {
      const item = (node as { items?: readonly unknown[] } | null)?.items?.[Number(step)]
      if (item === undefined) return offset
      node = item
    } else {
      const pair = node.items.find((item) => isPair(item) && String(item.key) === String(step))
      if (!pair) return offset
      offset = (pair.key as Node | null)?.range?.[0] ?? offset
      node = pair.value
    }
    offset = (node as Node | null)?.range?.[0] ?? offset
  }
  if (key !== undefined && isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && String(item.key) === key)
    offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset
  }
  return offset
}

function sentence(issue: z.core.$ZodIssue): { readonly text: string; readonly key?: string } {
  const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    return { text: `${where}unknown key "${key}"`, key }
  }
  return { text: `${where}${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}` }
}

/**
 * Reads `model.yaml`: a value with every default filled in, or an error that names file, line and column of the first mistake.
 *
 * Aliases, custom tags and documents above 64 KiB are refused: the text comes from outside.
 * @throws PlatformError `gitops.config_invalid`
 */
export function parseModelConfig(text: string, file = 'model.yaml'): ModelConfig {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) {
    throw new PlatformError('gitops.config_invalid', `${file}: larger than 64 KiB.`)
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, schema: 'core', uniqueKeys: true, strict: true })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`
  }
  const [syntax] = [...document.errors, ...document.warnings]
  if (syntax) {
    const message = (syntax.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')
    throw new PlatformError('gitops.config_invalid', `${at(syntax.pos[0])}: ${message}.`)
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 0 }) ?? {}
  } catch (cause) {
    throw new PlatformError('gitops.config_invalid', `${file}: aliases are not allowed.`, { cause })
  }
  const result = modelConfigSchema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (!issue) throw new PlatformError('gitops.config_invalid', `${file}: not a model configuration.`)
  const { text: what, key } = sentence(issue)
  throw new PlatformError(
    'gitops.config_invalid',
    `${at(locate(document.contents, issue.path, key))}: ${what}.`,
  )
}

/** The configuration of a model without `model.yaml`. */
export function defaultModelConfig(): ModelConfig {
  return modelConfigSchema.parse({})
}
