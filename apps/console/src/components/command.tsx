import { CopyButton } from './copy-button.tsx'

/** A command to copy. Lines are never broken by the page: they scroll. */
export function Command({ what, children }: { readonly what: string; readonly children: string }) {
  return (
    <div className="flex min-h-9 items-center gap-2 rounded-control border bg-sunken pr-1 pl-3">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre tabIndex={0} className="min-w-0 flex-1 overflow-x-auto py-2 font-mono text-second">
        {children}
      </pre>
      <CopyButton what={what} text={children} />
    </div>
  )
}
