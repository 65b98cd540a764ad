import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { NamedTensors } from '@understudy/core'
import { loadNativeLibrary } from '../../src/executor/native-library.ts'
import { SessionHost } from '../../src/executor/session-host.ts'
import { buildForm } from '../../src/forms/build-form.ts'
import type { FormManifest } from '../../src/forms/form-manifest.ts'
import type { FormInput } from '../../src/forms/form-request.ts'

/** A form on disk and the folder that it lies in. */
export interface BuiltForm extends FormManifest {
  readonly folder: string
  /** The model in it. */
  readonly path: string
}

/** Makes forms below a folder of its own, and runs models in the test's process. */
export class FormFixture {
  readonly directory: string
  #count = 0

  private constructor(directory: string) {
    this.directory = directory
  }

  static async create(): Promise<FormFixture> {
    // The library would report to its maker.
    process.env.ORT_DISABLE_TELEMETRY = '1'
    return new FormFixture(await mkdtemp(path.join(tmpdir(), 'understudy-forms-')))
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true })
  }

  /** The path of a new file beside the forms. */
  file(name: string): string {
    return path.join(this.directory, name)
  }

  async write(name: string, bytes: Uint8Array): Promise<string> {
    await writeFile(this.file(name), bytes)
    return this.file(name)
  }

  /** The form of a version made of these files; the first is the model. */
  async build(...files: readonly (string | FormInput)[]): Promise<BuiltForm> {
    const inputs = await Promise.all(files.map((file) => (typeof file === 'string' ? inputOf(file) : file)))
    this.#count += 1
    const folder = path.join(this.directory, `form-${this.#count}`)
    const entryPoint = inputs[0]?.path ?? ''
    const manifest = buildForm({ digest: 'digest', entryPoint, files: inputs }, folder)
    return { ...manifest, folder, path: path.join(folder, entryPoint) }
  }
}

/** An artifact as it is recorded. */
export async function inputOf(file: string): Promise<FormInput> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 4 * 1024 * 1024 })) hash.update(chunk)
  const { size } = await lstat(file)
  return { path: path.basename(file), sha256: hash.digest('hex'), sizeBytes: size, objectPath: file }
}

/** A file that begins with a hole, which takes no place on disk, and ends with these bytes. */
export async function writeBehindHole(
  file: string,
  holeBytes: number,
  bytes: Uint8Array,
): Promise<FormInput> {
  await writeFile(file, '')
  await truncate(file, holeBytes)
  await writeFile(file, bytes, { flag: 'a' })
  const zeros = Buffer.alloc(1024 * 1024)
  const hash = createHash('sha256')
  for (let left = holeBytes; left > 0; left -= zeros.byteLength) hash.update(zeros.subarray(0, left))
  const sha256 = hash.update(bytes).digest('hex')
  return { path: path.basename(file), sha256, sizeBytes: holeBytes + bytes.byteLength, objectPath: file }
}

/** Answers of a model that is loaded in one form, run once and unloaded. */
export async function runForm(
  modelPath: string,
  form: 'mapped' | 'prepacked',
  inputs: NamedTensors,
): Promise<NamedTensors> {
  const host = new SessionHost(await loadNativeLibrary())
  const { model } = host.load({ path: modelPath, form, intraOpThreads: 1 })
  try {
    return host.run(model, inputs)
  } finally {
    host.unload(model)
  }
}
