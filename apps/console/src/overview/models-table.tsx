'use client'

import type { ModelRow } from '@understudy/api/views'
import Link from 'next/link'
import { cn } from '../components/cn.ts'
import { EmptyState } from '../components/empty-state.tsx'
import { Mark } from '../components/look.tsx'
import { Panel } from '../components/panel.tsx'
import { Age } from '../components/time.tsx'
import { VersionChip } from '../components/version-chip.tsx'
import { useFlash } from '../live/use-flash.ts'
import { type Pip, Pips } from '../rollout/step-rail.tsx'
import { modelHref } from '../shell/breadcrumb.ts'
import { DRIFT_LOOKS, type Look, rolloutLook, STEP_WORDS, VERDICT_LOOKS } from '../states.tsx'
import { count } from '../text/numbers.ts'
import { flatText } from '../text/plain-text.ts'

/** Every model: what is live, what is tried, and whether Git agrees. */
export function ModelsTable({ models }: { readonly models: readonly ModelRow[] }) {
  return (
    <Panel title="Models" note={String(models.length)}>
      {models.length === 0 ? (
        <EmptyState title="No model yet. A directory with one ONNX file, pushed, is enough." />
      ) : (
        <table className="cells-named w-full">
          <thead className="border-b bg-sunken text-ink-2 text-second">
            <tr className="h-8">
              <th scope="col" className="pr-4 pl-4">
                Model
              </th>
              <th scope="col" className="pr-4">
                Live
              </th>
              <th scope="col" className="pr-4" colSpan={2}>
                Rollout
              </th>
              <th scope="col" className="pr-4">
                Git against live
              </th>
            </tr>
          </thead>
          <tbody className="md:divide-y">
            {models.map((model) => (
              <Row key={model.name} model={model} />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

function Row({ model }: { readonly model: ModelRow }) {
  const { name, description, live, rollout, drift } = model
  const flashing = useFlash(
    `${live?.number} ${rollout?.id} ${rollout?.state} ${rollout?.step} ${drift?.reason}`,
  )
  return (
    <tr className={cn('relative hover:bg-hover md:h-13.5 md:[&>*]:py-1.5', flashing && 'flash')}>
      <th scope="row" className="pr-4 pl-4">
        <div className="min-w-0">
          <Link
            href={modelHref(name)}
            className="font-semibold after:absolute after:inset-0 after:content-['']"
          >
            {name}
          </Link>
          <p className="text-ink-2 text-second">{flatText(description, 80)}</p>
        </div>
      </th>
      <td data-name="Live" className="pr-4">
        {live === null ? (
          <span className="text-ink-3 text-second">nothing yet</span>
        ) : (
          <span className="relative z-1 w-fit">
            <VersionChip model={name} version={live} shownAs="live" />
          </span>
        )}
      </td>
      {rollout === null ? (
        <td data-name="Rollout" className="pr-4 text-ink-2 text-second" colSpan={2}>
          None{live !== null && drift === null && `. v${live.number} is the newest version.`}
        </td>
      ) : (
        <RolloutCells model={name} rollout={rollout} />
      )}
      <td data-name="Git" className="pr-4">
        <Drift drift={drift} />
      </td>
    </tr>
  )
}

type RowRollout = NonNullable<ModelRow['rollout']>

function RolloutCells({ model, rollout }: { readonly model: string; readonly rollout: RowRollout }) {
  const open = rollout.state === 'progressing' || rollout.state === 'paused'
  const look = openLook(rollout)
  return (
    <>
      <td data-name="Rollout" className="pr-4">
        <div className="flex items-center gap-4">
          <span className="relative z-1">
            <VersionChip
              model={model}
              version={rollout.candidate}
              shownAs={open ? 'candidate' : 'none'}
              digest={false}
            />
          </span>
          <div>
            <Pips steps={pipsOf(rollout, look)} />
            <p className="-mt-0.5 text-ink-2 text-second">{open ? stepText(rollout) : 'Ended'}</p>
          </div>
        </div>
      </td>
      <td data-name="State" className="pr-4">
        <Mark look={look} className="flex text-second" />
      </td>
    </>
  )
}

/** While evidence is collected the verdict says more than "progressing". */
function openLook(rollout: RowRollout): Look {
  if (rollout.state === 'progressing' && rollout.step === 'shadow' && rollout.verdict !== null) {
    return VERDICT_LOOKS[rollout.verdict]
  }
  return rolloutLook(rollout)
}

function stepText({ step, pairs, minPairs }: RowRollout): string {
  const word = STEP_WORDS[step].en
  return step === 'shadow' ? `${word}, ${count(pairs)} of ${count(minPairs)} pairs` : word
}

function pipsOf({ stepIndex, stepCount, state }: RowRollout, { tone }: Look): readonly Pip[] {
  const now: Pip = tone === 'warn' || tone === 'bad' || tone === 'cand' ? tone : 'done'
  return Array.from({ length: stepCount }, (_, index): Pip => {
    if (index < stepIndex || state === 'succeeded') return 'done'
    return index === stepIndex ? now : 'ahead'
  })
}

function Drift({ drift }: { readonly drift: ModelRow['drift'] }) {
  if (drift === null) return <Mark look={DRIFT_LOOKS.inSync} className="flex text-second" />
  return (
    <span className="flex flex-wrap items-center gap-x-2 text-second" title={flatText(drift.detail, 600)}>
      <Mark look={DRIFT_LOOKS[drift.reason]} />
      <span className="text-ink-3">
        <Age since={drift.since} />
      </span>
    </span>
  )
}
