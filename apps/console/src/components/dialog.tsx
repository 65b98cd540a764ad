'use client'

import { Dialog as Radix } from 'radix-ui'
import { type ReactNode, type RefObject, useRef } from 'react'
import { cn } from './cn.ts'

interface DialogProps {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: string
  readonly description?: string
  /** Where the focus starts; the first field otherwise. */
  readonly focus?: RefObject<HTMLElement | null>
  readonly className?: string
  readonly children: ReactNode
}

/** Takes the focus, keeps it, gives it back. Closes by Escape and by a click outside. */
export function Dialog({ open, onOpenChange, title, description, focus, className, children }: DialogProps) {
  const opener = useRef<Element | null>(null)
  const focusFirst = (event: Event) => {
    opener.current = document.activeElement
    if (!focus?.current) return
    event.preventDefault()
    focus.current.focus()
  }
  // Where the opener is gone, because the act changed the page, reading goes on at its content.
  const giveBack = (event: Event) => {
    event.preventDefault()
    const back = opener.current?.isConnected ? opener.current : document.getElementById('content')
    if (back instanceof HTMLElement) back.focus()
  }
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="enter fixed inset-0 z-40 grid items-start justify-items-center overflow-y-auto bg-scrim px-4 py-6 sm:items-center">
          <Radix.Content
            onOpenAutoFocus={focusFirst}
            onCloseAutoFocus={giveBack}
            {...(description === undefined ? { 'aria-describedby': undefined } : {})}
            className={cn(
              'w-full max-w-140 rounded-dialog border border-line-strong bg-surface shadow-float',
              className,
            )}
          >
            <div className="px-6 pt-5 pb-4">
              <Radix.Title className="font-semibold text-dialog">{title}</Radix.Title>
              {description !== undefined && (
                <Radix.Description className="mt-1 text-ink-2">{description}</Radix.Description>
              )}
            </div>
            {children}
          </Radix.Content>
        </Radix.Overlay>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** The last line of a dialog: what was seen, then the buttons. */
export function DialogFoot({ seen, children }: { readonly seen?: ReactNode; readonly children: ReactNode }) {
  return (
    <footer className="flex flex-wrap items-center gap-2 rounded-b-dialog border-t bg-sunken px-6 py-4">
      <span className="mr-auto text-second text-ink-2">{seen}</span>
      {children}
    </footer>
  )
}
