import { Children, type ReactNode } from 'react'

/** What will happen, in sentences with their numbers. */
export function Numbered({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div>
      <h3 className="font-medium text-second">{title}</h3>
      <ol className="mt-2 grid gap-2">
        {Children.toArray(children).map((sentence, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the number is what names a sentence
          <li key={index} className="flex gap-2.5 text-second text-ink-2 [&_strong]:font-semibold [&_strong]:text-ink">
            <span
              aria-hidden
              className="mt-px inline-flex size-4 shrink-0 items-center justify-center rounded-full border border-line-strong text-[10px] text-ink-3"
            >
              {index + 1}
            </span>
            <span className="min-w-0">{sentence}</span>
          </li>
        ))}
      </ol>
    </div>
  )
}
