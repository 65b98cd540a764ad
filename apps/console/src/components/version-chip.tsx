'use client'

import type { VersionRef } from '@understudy/api/views'
import { Ban } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { cn } from './cn.ts'
import { MENU, MENU_ITEM } from './menu-look.ts'

/** What a version is at this moment: the dot of a chip. */
export type ChipRole = 'live' | 'candidate' | 'withdrawn' | 'none'

const ROLE_WORD: Readonly<Record<ChipRole, string>> = {
  live: 'live',
  candidate: 'candidate',
  withdrawn: 'withdrawn',
  none: '',
}

interface VersionChipProps {
  readonly model: string
  readonly version: VersionRef
  readonly shownAs: ChipRole
  /** Leave it out only where the same chip stands within the same row or panel. */
  readonly digest?: boolean
}

const CHIP =
  'inline-flex h-6 shrink-0 items-center gap-1.5 whitespace-nowrap rounded-control border px-2 font-medium text-second'

/** `● v7 | cc9be95b`. Opens to the whole digest, to copy. */
export function VersionChip({ model, version, shownAs, digest = true }: VersionChipProps) {
  const copy = (text: string) => void navigator.clipboard.writeText(text)
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className={cn(CHIP, ROLE_LOOK[shownAs])}>
        <ChipFace model={model} version={version} shownAs={shownAs} digest={digest} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="start" sideOffset={4} className={cn(MENU, 'max-w-80')}>
          <p className="px-2 pt-1 text-second text-ink-3">
            Digest of {model} v{version.number}
          </p>
          <p className="break-all px-2 pb-2 font-mono text-micro">{version.digest}</p>
          <DropdownMenu.Item className={MENU_ITEM} onSelect={() => copy(version.digest)}>
            Copy digest
          </DropdownMenu.Item>
          <DropdownMenu.Item className={MENU_ITEM} onSelect={() => copy(`${model}@${version.number}`)}>
            Copy {model}@{version.number}
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

const ROLE_LOOK: Readonly<Record<ChipRole, string>> = {
  live: 'border-line-strong bg-surface hover:bg-hover',
  candidate: 'border-cand-line bg-cand-soft text-cand',
  withdrawn: 'border-line-strong bg-surface hover:bg-hover',
  none: 'border-line-strong bg-surface hover:bg-hover',
}

function ChipFace({
  model,
  version,
  shownAs,
  digest,
}: {
  readonly model: string
  readonly version: VersionRef
  readonly shownAs: ChipRole
  readonly digest: boolean
}) {
  return (
    <>
      {shownAs === 'live' && <span aria-hidden className="size-2 rounded-full bg-ink" />}
      {shownAs === 'candidate' && <span aria-hidden className="size-2 rounded-full border-2 border-cand" />}
      {shownAs === 'withdrawn' && <Ban aria-hidden size={12} className="text-bad" />}
      <span className="sr-only">{model}</span>
      <span className={cn('font-semibold', shownAs === 'withdrawn' && 'text-ink-2 line-through')}>
        v{version.number}
      </span>
      <span className="sr-only">{ROLE_WORD[shownAs]}</span>
      {digest && (
        <span className="border-line-strong border-l pl-1.5 font-mono font-normal text-ink-3 text-micro">
          {version.digest.slice(0, 8)}
        </span>
      )}
    </>
  )
}
