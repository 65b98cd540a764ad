import type { Encoding } from './encodings.ts'

/** What came of each case in each encoding, as the cells of the table. */
export interface DocumentRow {
  readonly title: string
  readonly cells: readonly string[]
}

/** The document of `docs/reference/conformance.md`, whole. */
export function conformanceDocument(
  encodings: readonly Encoding[],
  rows: readonly DocumentRow[],
  notes: readonly string[],
): string {
  const protocols = [...new Set(encodings.map(({ protocol }) => protocol))]
  const tables = protocols.map((protocol) => {
    const columns = encodings.flatMap((encoding, at) =>
      encoding.protocol === protocol ? [{ encoding, at }] : [],
    )
    const head = ['', ...columns.map(({ encoding }) => encoding.name)]
    const lines = rows.map(({ title, cells }) => [title, ...columns.map(({ at }) => cells[at] ?? '')])
    return `## ${protocol}\n\n${[head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`
  })
  return `${INTRODUCTION}\n${tables.join('\n')}\n${notes.join('\n')}\n`
}

const INTRODUCTION = `# Conformance

Every type, protocol and encoding on a real node, against the same model run in this process by ONNX Runtime. Made by
\`npm run docs:conformance\`; the end-to-end test \`scenarios/conformance\` fails when it is not as described here.

**exact**: every element came back as the model computed it, bit by bit (any NaN counts as NaN). **refused**: the protocol has no way to say
it, or does not take it there; the status follows. Of each type the largest, the smallest and the special values are sent in \`x [N, 2]\`, and
come back twice in a row; the rows below the types send floats of other shapes, and several tensors at once.
`
