import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { PROJECT } from './platform.ts'

/** One command of the README with what it says the command prints; empty when it shows nothing. */
export interface ReadmeCommand {
  readonly command: string
  readonly shown: readonly string[]
}

const TOUR = /<!-- tour:[^>]*-->([\s\S]*?)<!-- \/tour -->/
const BLOCK = /```(\w+)\n([\s\S]*?)```/g

/** Shell blocks of a text, each line a command; a block of text or JSON after it is what its last commands print. */
function commandsOf(text: string): ReadmeCommand[] {
  const commands: ReadmeCommand[] = []
  for (const [, language, body = ''] of text.matchAll(BLOCK)) {
    const lines = body.trimEnd().split('\n')
    if (language === 'sh') commands.push(...lines.map((command) => ({ command, shown: [] })))
    else {
      const last = commands.pop()
      if (last) commands.push({ ...last, shown: lines })
    }
  }
  return commands
}

/** Every command of the README's tour, in order. */
export async function readTour(): Promise<readonly ReadmeCommand[]> {
  const readme = await readFile(path.join(PROJECT, 'README.md'), 'utf8')
  const [, tour] = TOUR.exec(readme) ?? []
  if (tour === undefined) throw new Error('the README has no tour between its two marks')
  return commandsOf(tour)
}

/** What differs from run to run, or from processor to processor, becomes a mark: commits, digests, moments, last digits, spaces. */
export function withoutChance(text: string): string {
  return text
    .replace(/\d{4}-\d{2}-\d{2} \d{2}:\d{2}/g, '<moment>')
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{7,8}\b/g, '<hash>')
    .replace(/\d+\.\d{4,}/g, (number) => Number(number).toFixed(3))
    .replace(/ {2,}/g, ' ')
    .replace(/[ \t]+$/gm, '')
}
