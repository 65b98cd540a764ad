import { flatText } from '../text/plain-text.ts'
import { proseParts } from '../text/prose.ts'
import { CopyButton } from './copy-button.tsx'

const LIMIT = 400

/** A sentence of the platform; a command in it can be copied where it stands. */
export function Prose({ children }: { readonly children: string }) {
  return proseParts(flatText(children, LIMIT)).map((part) =>
    part.code ? (
      <span key={part.text} className="rounded-code border bg-sunken px-1 font-mono text-second text-ink">
        <code>{part.text}</code>
        {/\s/.test(part.text) && (
          <CopyButton what="command" text={part.text} className="-my-1 -mr-1 align-middle" />
        )}
      </span>
    ) : (
      part.text
    ),
  )
}
