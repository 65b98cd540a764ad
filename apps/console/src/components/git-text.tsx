import { flatText, plainText, SHOWN_CHARACTERS } from '../text/plain-text.ts'

interface GitTextProps {
  readonly children: string
  readonly limit?: number
}

/** Text that came from Git: plain, cut, with characters that could deceive the reader shown as marks. */
export function GitText({ children, limit = SHOWN_CHARACTERS }: GitTextProps) {
  const cut = flatText(children, Number.POSITIVE_INFINITY)
  return (
    <bdi className="wrap-anywhere" title={flatText(children, limit) === cut ? undefined : cut}>
      {plainText(children, limit).map((run, index) =>
        run.mark === undefined ? (
          run.text
        ) : (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: runs of one text never move
            key={index}
            title={`hidden character ${run.mark}`}
            className="mx-0.5 rounded-code border border-warn-line bg-warn-soft px-0.5 font-mono text-micro text-warn"
          >
            {run.mark}
          </span>
        ),
      )}
    </bdi>
  )
}
