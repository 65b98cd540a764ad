import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'

const SIZE_MAX_BYTES = 10 * 1024 * 1024

/** A log file that never takes more than twice its limit: when it is full it becomes `<file>.1` and a new one begins. */
export class BoundedLog {
  readonly path: string
  readonly #sizeMaxBytes: number
  #fd: number
  #sizeBytes: number

  constructor(path: string, sizeMaxBytes = SIZE_MAX_BYTES) {
    this.path = path
    this.#sizeMaxBytes = sizeMaxBytes
    this.#fd = openSync(path, 'a', 0o600)
    this.#sizeBytes = fstatSync(this.#fd).size
  }

  /** Never throws: a full disk must not take the platform down with it. */
  write(chunk: string | Uint8Array): void {
    try {
      if (this.#sizeBytes >= this.#sizeMaxBytes) this.#rotate()
      this.#sizeBytes += typeof chunk === 'string' ? writeSync(this.#fd, chunk) : writeSync(this.#fd, chunk)
    } catch {
      // The line is lost; the child goes on.
    }
  }

  close(): void {
    closeSync(this.#fd)
    // Its number may soon be another file's: what comes late is lost, not written there.
    this.#fd = -1
  }

  #rotate(): void {
    renameSync(this.path, `${this.path}.1`)
    closeSync(this.#fd)
    this.#fd = openSync(this.path, 'a', 0o600)
    this.#sizeBytes = 0
  }
}
