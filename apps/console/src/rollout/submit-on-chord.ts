import type { KeyboardEvent } from 'react'

/** ⌘↵ or Ctrl ↵ confirms the focused form. */
export function submitOnChord(event: KeyboardEvent<HTMLFormElement>): void {
  if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return
  event.preventDefault()
  event.currentTarget.requestSubmit()
}
