import type { VariantView } from '@understudy/api/views'
import { Panel } from '../components/panel.tsx'
import { counted, percent, size } from '../text/numbers.ts'

interface VariantPanelProps {
  readonly variant: VariantView
  /** The compressed version. */
  readonly number: number
}

/** A compressed version beside the one it was made from: what is saved, and what it costs. */
export function VariantPanel({ variant, number }: VariantPanelProps) {
  const ms = (value: number | null) => (value === null ? '–' : `${value} ms`)
  const bytes = (value: number | null) => (value === null ? '–' : size(value))
  const rows = [
    ['Size', bytes(variant.parentSizeBytes), bytes(variant.sizeBytes)],
    ['Load', ms(variant.parentLoadMs), ms(variant.loadMs)],
    ['Memory', bytes(variant.parentMemoryBytes), bytes(variant.memoryBytes)],
    ['Run, median at most', ms(variant.parentRunMs), ms(variant.runMs)],
  ] as const
  return (
    <Panel title={`Compressed form of v${variant.of}`} note={agreementWords(variant)}>
      <table className="w-full text-second">
        <thead className="text-ink-2">
          <tr className="h-8">
            <th scope="col" className="px-4 text-start">
              <span className="sr-only">What</span>
            </th>
            <th scope="col" className="px-4 text-end">
              v{variant.of}
            </th>
            <th scope="col" className="px-4 text-end">
              v{number}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, parent, own]) => (
            <tr key={name} className="h-9 border-t">
              <th scope="row" className="px-4 text-start font-normal text-ink-2">
                {name}
              </th>
              <td className="px-4 text-end">{parent}</td>
              <td className="px-4 text-end font-medium">{own}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

function agreementWords({ agreement, pairs, of }: VariantView): string {
  if (agreement === null) return `not compared with v${of} on traffic`
  return `agrees in ${percent(agreement)} % of ${counted(pairs, 'pair')}`
}
