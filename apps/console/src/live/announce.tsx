'use client'

import { useEffect, useRef, useState } from 'react'

const AT_MOST_EVERY_MS = 5_000

/** Says a changed sentence to assistive technology, politely, at most once in five seconds. Never the first one. */
export function Announce({ sentence }: { readonly sentence: string }) {
  const [said, setSaid] = useState('')
  const first = useRef(sentence)
  const last = useRef(0)
  useEffect(() => {
    if (sentence === first.current) return
    first.current = ''
    const wait = Math.max(0, last.current + AT_MOST_EVERY_MS - performance.now())
    const timer = setTimeout(() => {
      last.current = performance.now()
      setSaid(sentence)
    }, wait)
    return () => clearTimeout(timer)
  }, [sentence])
  return (
    <p aria-live="polite" className="sr-only">
      {said}
    </p>
  )
}
