'use client'

import { Check, Monitor, Moon, Sun, SunMoon } from 'lucide-react'
import { useTheme } from 'next-themes'
import { DropdownMenu } from 'radix-ui'
import { MENU, MENU_ITEM } from '../components/menu-look.ts'

const THEMES = [
  { value: 'system', name: 'As the system', icon: Monitor },
  { value: 'light', name: 'Light', icon: Sun },
  { value: 'dark', name: 'Dark', icon: Moon },
] as const

/** Follows the system until the person chooses. */
export function ThemeMenu() {
  const { theme, setTheme } = useTheme()
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger
        aria-label="Theme"
        title="Theme"
        className="-mr-2 inline-flex size-8 items-center justify-center rounded-control text-ink-2 hover:bg-hover hover:text-ink touch:size-11"
      >
        <SunMoon aria-hidden size={16} strokeWidth={1.75} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={4} className={MENU}>
          <DropdownMenu.RadioGroup value={theme ?? 'system'} onValueChange={setTheme}>
            {THEMES.map(({ value, name, icon: Icon }) => (
              <DropdownMenu.RadioItem key={value} value={value} className={MENU_ITEM}>
                <Icon aria-hidden size={16} className="text-ink-2" />
                {name}
                <DropdownMenu.ItemIndicator className="ml-auto">
                  <Check aria-hidden size={14} />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
