import type { ModelView } from '@understudy/api/views'
import { CopyButton } from '../components/copy-button.tsx'
import { Panel } from '../components/panel.tsx'
import { flatText } from '../text/plain-text.ts'

/** The rules a rollout of this model follows now, and where each comes from. */
export function PolicyPanel({ model }: { readonly model: ModelView }) {
  const hash = (
    <span className="inline-flex items-center font-mono text-ink-2 text-micro">
      {model.policyHash.slice(0, 8)}
      <CopyButton what="policy hash" text={model.policyHash} />
    </span>
  )
  return (
    <Panel title="Policy in force" end={hash}>
      <table className="my-2 w-full text-second">
        <caption className="sr-only">Each rule with its value and where it comes from</caption>
        <tbody>
          {model.policy.map((line) => (
            <tr key={line.name} className="h-6">
              <th scope="row" className="pr-2 pl-4 text-ink-2">
                {flatText(line.name, 40)}
              </th>
              <td className="pr-2 font-medium">{flatText(line.value, 60)}</td>
              <td className="pr-4 text-end text-ink-3">{line.source}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

/** What goes in and what comes out, as the graph declares it. */
export function SignaturePanel({ signature }: { readonly signature: NonNullable<ModelView['signature']> }) {
  const parts = [
    ['Inputs', signature.inputs],
    ['Outputs', signature.outputs],
  ] as const
  return (
    <Panel title="Inputs and outputs">
      <dl className="grid gap-2 px-4 py-3 text-second">
        {parts.map(([name, lines]) => (
          <div key={name} className="flex gap-3">
            <dt className="w-14 shrink-0 text-ink-2">{name}</dt>
            <dd className="grid min-w-0 gap-0.5 font-mono">
              {lines.map((line) => (
                <span key={line}>{flatText(line, 120)}</span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}
