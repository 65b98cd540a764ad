/** Two circles, one before the other: the lead in ink, the understudy in blue. */
export function Logo({ size = 20 }: { readonly size?: number }) {
  return (
    <svg aria-hidden viewBox="0 0 32 32" width={size} height={size} className="shrink-0">
      <circle cx="11.5" cy="16" r="8.5" className="fill-ink" />
      <circle cx="20.5" cy="16" r="7.25" fill="none" strokeWidth="2.5" className="stroke-cand" />
    </svg>
  )
}
