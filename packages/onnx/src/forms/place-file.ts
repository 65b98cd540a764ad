import { chmodSync, closeSync, fsyncSync, linkSync, mkdirSync, openSync } from 'node:fs'
import path from 'node:path'
import { assertRoom } from './disk-room.ts'
import type { FormFile } from './form-manifest.ts'
import type { FormInput } from './form-request.ts'
import { HashedWriter } from './hashed-writer.ts'
import { readArtifact } from './read-artifact.ts'

/** Puts an artifact under its own name into a form, verified: as a link where the file system can, else as a copy. */
export function placeFile(input: FormInput, folder: string): FormFile {
  const target = path.join(folder, input.path)
  if (linked(input.objectPath, target)) readArtifact(input)
  else copy(input, target)
  return { path: input.path, sha256: input.sha256, sizeBytes: input.sizeBytes }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch {
    // Another file system, or no right to link: the copy tells what is really wrong.
    return false
  }
}

function copy(input: FormInput, target: string): void {
  assertRoom(path.dirname(target), input.sizeBytes)
  const writer = new HashedWriter(target)
  try {
    readArtifact(input, (chunk) => writer.write(chunk))
    writer.finish()
  } finally {
    writer.close()
  }
}

/** Makes the folders of these files. Everybody may enter them, whatever the umask: executors run under a uid of their own. */
export function makeFolders(folder: string, files: readonly FormInput[]): void {
  for (const one of foldersOf(folder, files)) {
    mkdirSync(one, { recursive: true })
    chmodSync(one, 0o755)
  }
}

/** Makes the names in these folders durable. */
export function syncFolders(folder: string, files: readonly FormInput[]): void {
  for (const one of foldersOf(folder, files)) syncFolder(one)
}

export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function foldersOf(folder: string, files: readonly FormInput[]): ReadonlySet<string> {
  const folders = new Set([folder])
  for (const file of files) {
    const steps = file.path.split('/').slice(0, -1)
    for (const index of steps.keys()) folders.add(path.join(folder, ...steps.slice(0, index + 1)))
  }
  return folders
}
