'use client'

import { useEffect, useState } from 'react'

/** The reader's clock, again every `everyMs`; null in the server's answer and until the page has woken up. */
export function useNow(everyMs: number): Date | null {
  const [now, setNow] = useState<Date | null>(null)
  useEffect(() => {
    setNow(new Date())
    const timer = setInterval(() => setNow(new Date()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
