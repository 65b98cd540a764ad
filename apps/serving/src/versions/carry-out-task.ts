import {
  chmodSync,
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { isPlatformError } from '@understudy/core'
import {
  buildForm,
  diskFull,
  type FormRequest,
  isDiskFull,
  readArtifact,
  syncFolder,
} from '@understudy/onnx/forms'
import type { IngestAnswers, IngestTask } from './ingest-protocol.ts'
import { FILES_NAME, modifiedAtMs, RECORD_NAME, type VersionRecord } from './version-record.ts'

/** Carries out one task of the worker. Synchronous and slow; on failure nothing is left behind. */
export function carryOutTask(task: IngestTask): IngestAnswers[keyof IngestAnswers] {
  return task.kind === 'ingest' ? ingest(task) : holdsVerifiedBytes(task)
}

/** The finished folder replaces whatever stands in its place; executors that hold files of the old one keep them. */
function ingest({
  folder,
  temporary: name,
  request,
}: Extract<IngestTask, { kind: 'ingest' }>): VersionRecord {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o755)
  const temporary = path.join(folder, name)
  try {
    const record = build(temporary, request)
    moveIn(temporary, path.join(folder, request.digest))
    syncFolder(folder)
    return record
  } catch (error) {
    if (!isDiskFull(error)) throw error
    rmSync(temporary, { recursive: true, force: true })
    throw diskFull(
      folder,
      request.files.reduce((sum, file) => sum + file.sizeBytes, 0),
      error,
    )
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

function build(temporary: string, request: FormRequest): VersionRecord {
  mkdirSync(temporary)
  chmodSync(temporary, 0o755)
  const filesFolder = path.join(temporary, FILES_NAME)
  const manifest = buildForm(request, filesFolder)
  const files = manifest.files.map((file) => ({
    ...file,
    modifiedAtMs: modifiedAtMs(lstatSync(path.join(filesFolder, file.path))),
  }))
  const record: VersionRecord = { ...manifest, files }
  writeDurable(path.join(temporary, RECORD_NAME), `${JSON.stringify(record, null, 2)}\n`)
  syncFolder(temporary)
  return record
}

/** What stands in the way is no whole version; it goes first. A crash in between leaves none, and the next load makes it. */
function moveIn(finished: string, target: string): void {
  rmSync(target, { recursive: true, force: true })
  renameSync(finished, target)
}

function writeDurable(file: string, text: string): void {
  const fd = openSync(file, 'wx', 0o444)
  try {
    writeFileSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function holdsVerifiedBytes(task: Extract<IngestTask, { kind: 'verify' }>): boolean {
  try {
    for (const file of task.record.files) {
      readArtifact({ ...file, objectPath: path.join(task.directory, FILES_NAME, file.path) })
    }
    return true
  } catch (error) {
    if (isPlatformError(error)) return false
    throw error
  }
}
