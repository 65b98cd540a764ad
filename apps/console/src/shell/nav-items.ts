import { Box, LayoutDashboard, type LucideIcon, ScrollText } from 'lucide-react'

export interface NavItem {
  readonly href: string
  readonly name: string
  readonly icon: LucideIcon
}

/** The pages that exist, in the order of the side bar. */
export const NAV_ITEMS: readonly NavItem[] = [
  { href: '/', name: 'Overview', icon: LayoutDashboard },
  { href: '/models', name: 'Models', icon: Box },
  { href: '/audit', name: 'Audit', icon: ScrollText },
]

/** Whether a page belongs below an item. */
export function isCurrent(item: NavItem, path: string): boolean {
  return item.href === '/' ? path === '/' : path === item.href || path.startsWith(`${item.href}/`)
}
