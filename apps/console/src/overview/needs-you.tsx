import type { NeedsYouItem } from '@understudy/api/views'
import { CircleAlert, CirclePause, FileX, Lock, type LucideIcon, UserRoundCheck } from 'lucide-react'
import Link from 'next/link'
import { buttonLook } from '../components/button.tsx'
import { cn } from '../components/cn.ts'
import { Panel } from '../components/panel.tsx'
import { Prose } from '../components/prose.tsx'
import { MiniGate } from '../evidence/gate-row.tsx'
import { modelHref } from '../shell/breadcrumb.ts'
import { flatText } from '../text/plain-text.ts'

interface ItemLook {
  readonly icon: LucideIcon
  readonly tile: string
  readonly act: string
  /** The act that the page asks for first. */
  readonly primary?: boolean
}

const WARN = 'border-warn-line bg-warn-soft text-warn'
const BAD = 'border-bad-line bg-bad-soft text-bad'
const MUTE = 'border-line-strong bg-sunken text-ink-2'

const ITEM_LOOKS: Readonly<Record<NeedsYouItem['kind'], ItemLook>> = {
  approval: { icon: UserRoundCheck, tile: WARN, act: 'Review evidence', primary: true },
  paused: { icon: CirclePause, tile: WARN, act: 'Decide' },
  rejected: { icon: FileX, tile: BAD, act: 'See why' },
  held: { icon: Lock, tile: MUTE, act: 'Look' },
  repository: { icon: CircleAlert, tile: BAD, act: 'See why' },
}

/** What waits for a person, the most urgent first. Empty, it says so in one line. */
export function NeedsYou({ items }: { readonly items: readonly NeedsYouItem[] }) {
  if (items.length === 0) {
    return (
      <section aria-label="Needs you" className="rounded-panel border bg-surface px-4 py-3 text-ink-2">
        Nothing needs you.
      </section>
    )
  }
  return (
    <Panel title="Needs you" note={`${items.length} · ordered by what waits on you`}>
      <ul className="divide-y">
        {items.map((item) => (
          <NeedsYouLine key={`${item.kind} ${item.model} ${item.rolloutId}`} item={item} />
        ))}
      </ul>
    </Panel>
  )
}

function NeedsYouLine({ item }: { readonly item: NeedsYouItem }) {
  const { icon: Icon, tile, act, primary = false } = ITEM_LOOKS[item.kind]
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2.5 px-4 py-3">
      <span
        className={cn('inline-flex size-8 shrink-0 items-center justify-center rounded-control border', tile)}
      >
        <Icon aria-hidden size={16} strokeWidth={1.75} />
      </span>
      <div className="min-w-0 flex-1 basis-60">
        <p className="font-medium">
          <Sentence item={item} />
        </p>
        <p className="text-ink-2 text-second">
          <Prose>{item.detail}</Prose>
        </p>
      </div>
      {item.gates.length > 0 && (
        <div className="flex gap-3 max-lg:hidden">
          {item.gates.map((gate) => (
            <MiniGate key={`${gate.gate} ${gate.property}`} gate={gate} />
          ))}
        </div>
      )}
      {item.model !== null && (
        <Link
          href={modelHref(item.model)}
          className={buttonLook({ look: primary ? 'primary' : 'plain', className: 'min-w-20' })}
          aria-label={`${act}: ${item.model}`}
        >
          {act}
        </Link>
      )}
    </li>
  )
}

/** The model's name, bold, where the sentence begins with it. */
function Sentence({ item }: { readonly item: NeedsYouItem }) {
  const sentence = flatText(item.sentence, 200)
  const name = item.model === null ? null : (/^\S+(?: v\d+)?/.exec(sentence)?.[0] ?? null)
  if (name === null || item.model === null || !name.startsWith(item.model)) return sentence
  return (
    <>
      <strong className="font-semibold">{name}</strong>
      {sentence.slice(name.length)}
    </>
  )
}
