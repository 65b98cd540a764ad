'use client'

import { useEffect, useState } from 'react'

/** A text that survives an error, a refusal and a reload of the page; cleared with ''. */
export function useDraft(key: string): readonly [string, (text: string) => void] {
  const storageKey = `understudy.draft.${key}`
  const [text, setText] = useState('')
  useEffect(() => {
    setText(read(storageKey))
  }, [storageKey])
  const write = (next: string) => {
    setText(next)
    try {
      if (next === '') sessionStorage.removeItem(storageKey)
      else sessionStorage.setItem(storageKey, next)
    } catch {
      // Without storage the text still lives as long as the page.
    }
  }
  return [text, write]
}

function read(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}
