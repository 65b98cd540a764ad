import { type ClassValue, clsx } from 'clsx'
import { extendTailwindMerge } from 'tailwind-merge'

const SIZES = ['micro', 'second', 'body', 'lead', 'dialog', 'title', 'first']

const merge = extendTailwindMerge({ extend: { classGroups: { 'font-size': [{ text: SIZES }] } } })

/** Joins class names; of two that say the same thing the later one wins. */
export function cn(...names: readonly ClassValue[]): string {
  return merge(clsx(names))
}
