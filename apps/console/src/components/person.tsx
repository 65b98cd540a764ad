import { Bot } from 'lucide-react'
import { flatText } from '../text/plain-text.ts'

const PLATFORM_ACTORS = new Set(['controller', 'platform', 'policy', 'system'])

/** Who did something: initials and name; the platform itself has a sign of its own. */
export function Person({ name }: { readonly name: string }) {
  const shown = flatText(name, 60)
  return (
    <span className="flex min-w-0 items-center gap-2">
      {PLATFORM_ACTORS.has(name) ? (
        <Bot aria-hidden size={16} className="mx-0.5 shrink-0 text-ink-2" />
      ) : (
        <Avatar name={shown} />
      )}
      <span className="min-w-0 truncate">{shown}</span>
    </span>
  )
}

export function Avatar({ name, large = false }: { readonly name: string; readonly large?: boolean }) {
  return (
    <span
      aria-hidden
      className={`inline-flex shrink-0 items-center justify-center rounded-full border border-line-strong bg-sunken font-medium text-ink-2 ${large ? 'size-7 text-micro' : 'size-5 text-[9px]'}`}
    >
      {initials(name)}
    </span>
  )
}

/** `Mara Lindqvist` → `ML`, `local:root` → `RO` */
export function initials(name: string): string {
  const words = name
    .replace(/^(?:local|git):/, '')
    .split(/[\s._-]+/u)
    .filter((word) => word !== '')
  const [first = '?', ...rest] = words
  const last = rest.at(-1)
  const letters = last === undefined ? [...first].slice(0, 2) : [[...first][0], [...last][0]]
  return letters.join('').toUpperCase()
}
