'use client'

import { useQuery } from '@tanstack/react-query'
import type { PlatformView } from '@understudy/api/views'
import { GitBranch, Server } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'
import { cn } from '../components/cn.ts'
import { Avatar } from '../components/person.tsx'
import { RelativeTime } from '../components/time.tsx'
import { useTRPC } from '../trpc/client.ts'
import { Logo } from './logo.tsx'
import { isCurrent, NAV_ITEMS } from './nav-items.ts'

/** 216 px with words from 1024 px on, icons from 768 px on, nothing below (the top bar has a menu then). */
export function SideBar() {
  const platform = useQuery(useTRPC().platform.queryOptions()).data
  return (
    <aside className="sticky top-0 hidden h-dvh w-14 shrink-0 flex-col border-r px-2 pt-3.5 pb-3 md:flex lg:w-54 lg:px-3">
      <Link
        href="/"
        className="flex items-center gap-2.5 px-2.5 pb-4 font-semibold text-lead"
        aria-label="Understudy, overview"
      >
        <Logo />
        <span className="hidden lg:inline">Understudy</span>
      </Link>
      <nav aria-label="Main">
        <NavList needsYou={platform?.needsYouCount ?? 0} />
      </nav>
      {platform !== undefined && <Foot platform={platform} />}
    </aside>
  )
}

function NavList({ needsYou }: { readonly needsYou: number }) {
  const path = usePathname()
  return (
    <ul className="grid gap-1">
      {NAV_ITEMS.map((item) => {
        const current = isCurrent(item, path)
        const Icon = item.icon
        const badge = item.href === '/' && needsYou > 0 ? needsYou : 0
        return (
          <li key={item.href}>
            <Link
              href={item.href}
              title={item.name}
              aria-current={current ? 'page' : undefined}
              className={cn(
                'relative flex h-8 items-center gap-2.5 rounded-control px-2.5 font-medium text-ink-2 transition-colors duration-[120ms] hover:bg-hover',
                current && 'bg-hover font-semibold text-ink',
              )}
            >
              <Icon aria-hidden size={16} strokeWidth={1.75} className="shrink-0" />
              <span className="max-lg:sr-only">{item.name}</span>
              {badge > 0 && <NeedsYouCount count={badge} />}
            </Link>
          </li>
        )
      })}
    </ul>
  )
}

function NeedsYouCount({ count }: { readonly count: number }) {
  return (
    <span className="ml-auto inline-flex h-5 min-w-5 items-center justify-center rounded-full border border-warn-line bg-warn-soft px-1 text-second text-warn max-lg:absolute max-lg:-top-1 max-lg:right-0 max-lg:h-4 max-lg:min-w-4 max-lg:text-micro">
      <span aria-hidden>{count}</span>
      <span className="sr-only">{count === 1 ? '1 thing needs you' : `${count} things need you`}</span>
    </span>
  )
}

function Foot({ platform }: { readonly platform: PlatformView }) {
  const { nodes, repository } = platform
  const late = nodes.ready < nodes.total || nodes.total === 0
  const broken = repository !== null && (repository.stalled || repository.problem !== null)
  return (
    <footer className="mt-auto hidden lg:block">
      <dl className="grid gap-2.5 border-t px-2 pt-3 text-second">
        <FootLine icon={<Server aria-hidden size={14} />} name="Nodes ready" warn={late}>
          {nodes.ready} of {nodes.total}
        </FootLine>
        {repository !== null && (
          <FootLine
            icon={<GitBranch aria-hidden size={14} />}
            name={broken ? 'Git' : 'Git synced'}
            warn={broken}
          >
            <GitState repository={repository} />
          </FootLine>
        )}
      </dl>
      <div className="mt-3 flex items-center gap-2.5 px-2">
        <Avatar name={platform.actor} large />
        <div className="min-w-0">
          <p className="truncate font-medium text-second">{platform.actor}</p>
          <p className="text-micro text-ink-3">No login yet: loopback only</p>
        </div>
      </div>
    </footer>
  )
}

function GitState({ repository }: { readonly repository: NonNullable<PlatformView['repository']> }) {
  if (repository.stalled) return <span title={repository.problem ?? undefined}>stalled</span>
  if (repository.problem !== null) return <span title={repository.problem}>not reached</span>
  return repository.syncedAt === null ? 'not yet' : <RelativeTime at={repository.syncedAt} />
}

interface FootLineProps {
  readonly icon: ReactNode
  readonly name: string
  readonly warn: boolean
  readonly children: ReactNode
}

function FootLine({ icon, name, warn, children }: FootLineProps) {
  return (
    <div className={cn('flex items-center gap-2', warn ? 'text-warn' : 'text-ink-2')}>
      {icon}
      <dt>{name}</dt>
      <dd className={cn('ml-auto', !warn && 'text-ink')}>{children}</dd>
    </div>
  )
}
