import { chmod, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A temporary folder of models that an executor may read with its own user, too. */
export class ModelFolder {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  static async create(): Promise<ModelFolder> {
    const directory = await mkdtemp(path.join(tmpdir(), 'understudy-models-'))
    await chmod(directory, 0o755)
    return new ModelFolder(directory)
  }

  /** Writes a file and gives its path. */
  async write(name: string, bytes: Uint8Array | string): Promise<string> {
    const file = path.join(this.directory, name)
    await writeFile(file, bytes)
    return file
  }

  /** Writes a file of zeros that takes no place on disk. */
  async writeHole(name: string, sizeBytes: number): Promise<void> {
    await truncate(await this.write(name, ''), sizeBytes)
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true })
  }
}
