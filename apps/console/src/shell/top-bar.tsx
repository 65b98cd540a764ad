'use client'

import { useQuery } from '@tanstack/react-query'
import { Menu } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { DropdownMenu } from 'radix-ui'
import { MENU, MENU_ITEM } from '../components/menu-look.ts'
import { LiveConnection } from '../live/live-connection.tsx'
import { useTRPC } from '../trpc/client.ts'
import { breadcrumb } from './breadcrumb.ts'
import { Logo } from './logo.tsx'
import { isCurrent, NAV_ITEMS } from './nav-items.ts'
import { ThemeMenu } from './theme-menu.tsx'

/** Where one is, how fresh the page is, which environment it is. */
export function TopBar() {
  const platform = useQuery(useTRPC().platform.queryOptions()).data
  return (
    <header className="sticky top-0 z-20 flex h-12 items-center gap-3 border-b bg-surface px-4 md:px-6">
      <PhoneMenu />
      <Breadcrumb />
      <div className="ml-auto flex shrink-0 items-center gap-2 md:gap-3">
        <LiveConnection />
        {platform !== undefined && (
          <span className="hidden h-6 items-center rounded-control border border-line-strong px-2 text-second sm:inline-flex">
            <span className="sr-only">Environment </span>
            {platform.environment}
          </span>
        )}
        <ThemeMenu />
      </div>
    </header>
  )
}

function Breadcrumb() {
  const parts = breadcrumb(usePathname())
  return (
    <nav aria-label="Breadcrumb" className="min-w-0">
      <ol className="flex min-w-0 items-center gap-2">
        {parts.map((part, index) => (
          <li key={part.name} className="flex min-w-0 items-center gap-2 last:font-medium">
            {index > 0 && (
              <span aria-hidden className="text-ink-3">
                /
              </span>
            )}
            {part.href === undefined ? (
              <span aria-current="page" className="truncate">
                {part.name}
              </span>
            ) : (
              <Link href={part.href} className="truncate text-ink-2 hover:text-ink">
                {part.name}
              </Link>
            )}
          </li>
        ))}
      </ol>
    </nav>
  )
}

function PhoneMenu() {
  const path = usePathname()
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger aria-label="Menu" className="-ml-1 flex h-11 items-center gap-2 pr-1 md:hidden">
        <Logo />
        <Menu aria-hidden size={16} className="text-ink-2" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="start" className={MENU}>
          {NAV_ITEMS.map((item) => (
            <DropdownMenu.Item key={item.href} asChild>
              <Link
                href={item.href}
                aria-current={isCurrent(item, path) ? 'page' : undefined}
                className={MENU_ITEM}
              >
                <item.icon aria-hidden size={16} />
                {item.name}
              </Link>
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
