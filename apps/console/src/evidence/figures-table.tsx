import type { ReactNode } from 'react'

interface FiguresRow {
  readonly key: string
  readonly name: ReactNode
  /** In the order of the heads. */
  readonly figures: readonly string[]
}

interface FiguresTableProps {
  readonly caption: string
  /** What a row is. */
  readonly of: string
  readonly heads: readonly string[]
  readonly rows: readonly FiguresRow[]
}

/** A table of figures, one row each for what they are about. */
export function FiguresTable({ caption, of, heads, rows }: FiguresTableProps) {
  return (
    <table className="w-full text-second">
      <caption className="sr-only">{caption}</caption>
      <thead className="text-ink-2">
        <tr className="h-8">
          <th scope="col" className="px-4">
            {of}
          </th>
          {heads.map((head) => (
            <th key={head} scope="col" className="whitespace-nowrap px-2 text-end last:pr-4">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, name, figures }) => (
          <tr key={key} className="h-9 border-t">
            <th scope="row" className="whitespace-nowrap px-4">
              {name}
            </th>
            {figures.map((figure, index) => (
              <td key={heads[index]} className="whitespace-nowrap px-2 text-end last:pr-4">
                {figure}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
