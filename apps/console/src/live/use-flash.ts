'use client'

import { useEffect, useRef, useState } from 'react'

const FLASH_MS = 3_000

/** True for a moment after `signature` changed: a row that changed from outside is marked. */
export function useFlash(signature: string): boolean {
  const before = useRef(signature)
  const [flashing, setFlashing] = useState(false)
  useEffect(() => {
    if (before.current === signature) return
    before.current = signature
    setFlashing(true)
    const timer = setTimeout(() => setFlashing(false), FLASH_MS)
    return () => clearTimeout(timer)
  }, [signature])
  return flashing
}
