import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from './root.mjs'

const ROOTS = [
  'apps',
  'packages',
  'prisma',
  'package-lock.json',
  'prisma.config.ts',
  'tsconfig.json',
  'turbo.json',
]
/** Made by builds and tests, or no part of any build. */
const LEFT_OUT = new Set([
  'node_modules',
  'dist',
  '.next',
  '.turbo',
  'generated',
  'test',
  'coverage',
  'next-env.d.ts',
])

/** One hash of everything that a build reads, by content: a checkout that touches all files changes nothing. */
export function sourceHash() {
  const hash = createHash('sha256').update(process.version)
  for (const file of ROOTS.flatMap((name) => filesBelow(name))) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(ROOT, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesBelow(name) {
  const entries = listing(name)
  if (entries === undefined) return [name]
  return entries
    .filter((entry) => !LEFT_OUT.has(entry.name) && !/\.(test\.tsx?|tsbuildinfo|log|md)$/.test(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const below = path.join(name, entry.name)
      return entry.isDirectory() ? filesBelow(below) : entry.isFile() ? [below] : []
    })
}

function listing(name) {
  try {
    return readdirSync(path.join(ROOT, name), { withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENOTDIR') return undefined
    throw error
  }
}
