import type { ReactNode } from 'react'

interface PartProps {
  readonly children: ReactNode
}

/** What will happen, as {@link Sentence}s with their numbers. */
export function Numbered({ title, children }: PartProps & { readonly title: string }) {
  return (
    <div>
      <h3 className="font-medium text-second">{title}</h3>
      <ol className="mt-2 grid gap-2 [counter-reset:sentence]">{children}</ol>
    </div>
  )
}

const NUMBER =
  'before:content-[counter(sentence)] before:mt-px before:inline-flex before:size-4 before:shrink-0 before:items-center before:justify-center before:rounded-full before:border before:border-line-strong before:text-[10px] before:text-ink-3'

export function Sentence({ children }: PartProps) {
  return (
    <li
      className={`flex gap-2.5 text-ink-2 text-second [counter-increment:sentence] [&_strong]:font-semibold [&_strong]:text-ink ${NUMBER}`}
    >
      <span className="min-w-0">{children}</span>
    </li>
  )
}
