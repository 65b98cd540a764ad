import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** A value in git's configuration syntax. */
function quote(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/**
 * The only configuration that the platform's own git reads.
 *
 * `safe.directory` must stand in a file: git hands neither `-c` nor `GIT_CONFIG_COUNT` on to the upload-pack of a local
 * repository, and that process is the one that refuses a repository of another owner. Hooks are off; ssh never asks.
 */
export function mirrorConfig(safeDirectories: readonly string[]): string {
  return [
    '[core]',
    '\thooksPath = /dev/null',
    '\tsshCommand = ssh -oBatchMode=yes -oConnectTimeout=15',
    '[gc]',
    '\tautoDetach = false',
    '[maintenance]',
    '\tautoDetach = false',
    '[safe]',
    ...safeDirectories.map((directory) => `\tdirectory = ${quote(directory)}`),
    '',
  ].join('\n')
}

/** Guarantees `<home>/.gitconfig` with exactly this text; a crash leaves the old or the new one. */
export async function writeMirrorConfig(home: string, text: string): Promise<void> {
  const file = path.join(home, '.gitconfig')
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) return
  await mkdir(home, { recursive: true })
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}
