import { type Document, isMap, isPair, LineCounter, type Node, parseDocument, visit } from 'yaml'
import type { z } from 'zod'
import { PlatformError } from '../errors/platform-error.ts'

const MAX_YAML_BYTES = 64 * 1024
/** Control characters other than tab and line break, and halves of surrogate pairs: no database or terminal takes them. */
const ODD_CHARACTERS = /[^\P{Cc}\t\n\r]|\p{Cs}/gu

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
  // What is wrong with a key stands one level deeper.
  const message = (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message
  return { text: `${where}${message.charAt(0).toLowerCase()}${message.slice(1)}` }
}

interface Mistake {
  readonly offset: number
  readonly text: string
}

function syntaxMistake(document: Document.Parsed): Mistake | undefined {
  const [error] = [...document.errors, ...document.warnings]
  if (!error) return undefined
  const [line = ''] = error.message.split('\n')
  const text = line.startsWith('Maximum call stack')
    ? 'nested too deeply'
    : line.replace(/ at line \d+, column \d+:?$/, '').replace(/; please use YAML.*$/, '')
  return { offset: error.pos[0], text }
}

/** What YAML permits and `model.yaml` does not: aliases, which may grow without bound, and characters nobody can show. */
function forbiddenMistake(document: Document.Parsed): Mistake | undefined {
  let mistake: Mistake | undefined
  const found = (node: Node, text: string) => {
    mistake = { offset: node.range?.[0] ?? 0, text }
    return visit.BREAK
  }
  visit(document, {
    Alias: (_, node) => found(node, 'aliases are not allowed'),
    Scalar: (_, node) =>
      typeof node.value === 'string' && node.value.search(ODD_CHARACTERS) >= 0
        ? found(node, 'control characters are not allowed')
        : undefined,
  })
  return mistake
}

function schemaMistake(document: Document.Parsed, error: z.ZodError): Mistake {
  const [issue] = error.issues
  if (!issue) return { offset: 0, text: 'not a model configuration' }
  const { text, key } = sentence(issue)
  return { offset: locate(document.contents, issue.path, key), text }
}

/**
 * Reads a YAML text by a schema: a value with every default filled in, or an error that names file, line and column of the first mistake.
 *
 * Aliases, custom tags, control characters and documents above 64 KiB are refused: the text comes from outside.
 * @throws PlatformError `gitops.config_invalid`
 */
export function parseYaml<T extends z.ZodType>(text: string, file: string, schema: T): z.output<T> {
  const refuse = (what: string) =>
    new PlatformError('gitops.config_invalid', what.replace(ODD_CHARACTERS, '\uFFFD'))
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) throw refuse(`${file}: larger than 64 KiB.`)
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'core',
    uniqueKeys: true,
    strict: true,
    logLevel: 'error',
  })
  const refuseAt = ({ offset, text: what }: Mistake) => {
    const { line, col } = lines.linePos(offset)
    return refuse(`${file}:${Math.max(1, line)}:${Math.max(1, col)}: ${what}.`)
  }
  const mistake = syntaxMistake(document) ?? forbiddenMistake(document)
  if (mistake) throw refuseAt(mistake)
  const result = schema.safeParse(document.toJS({ maxAliasCount: 0 }) ?? {})
  if (result.success) return result.data
  throw refuseAt(schemaMistake(document, result.error))
}
