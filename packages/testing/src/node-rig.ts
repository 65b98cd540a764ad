import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import {
  type ArtifactRef,
  defaultModelConfig,
  modelDigest,
  type PlannedVersion,
  type RuntimeConfig,
  type Signature,
  sha256Hex,
} from '@understudy/core'
import { processesNaming } from './processes.ts'
import { RigNode, type RigNodeOptions } from './rig-node.ts'
import { waitFor } from './wait-for.ts'

export interface NewVersion {
  readonly number: number
  /** Files by path: their bytes, or where they lie now; those are moved. A lone `model.onnx` may be given as its bytes. */
  readonly files: Uint8Array | Readonly<Record<string, Uint8Array | string>>
  readonly signature: Signature
  /** @defaultValue true */
  readonly batchable?: boolean
  readonly runtime?: Partial<RuntimeConfig>
  readonly measured?: PlannedVersion['measured']
  readonly signatures?: PlannedVersion['signatures']
  readonly classLabels?: PlannedVersion['classLabels']
}

const ENTRY_POINT = 'model.onnx'

/**
 * Serving nodes without a control plane: real processes of the built program on one data folder of their own, told what to serve by a
 * plan file each. Ends only what it started.
 */
export class NodeRig {
  readonly dataDir: string
  /** Everything of this rig lies below it. */
  readonly folder: string
  readonly #project: string
  readonly #nodes: RigNode[] = []

  private constructor(folder: string, project: string) {
    this.folder = folder
    this.dataDir = path.join(folder, 'data')
    this.#project = project
  }

  /** @param project checkout whose build is started */
  static async create(project: string): Promise<NodeRig> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'understudy-rig-'))
    // Accounts of executors must pass through it.
    await chmod(folder, 0o711)
    const rig = new NodeRig(folder, project)
    await mkdir(rig.dataDir, { mode: 0o711 })
    return rig
  }

  /** Puts the files of a version into the artifact store, and describes it as a plan does. */
  async version(version: NewVersion): Promise<PlannedVersion> {
    const {
      number,
      signature,
      batchable = true,
      measured = null,
      signatures = {},
      classLabels = {},
    } = version
    const given = version.files instanceof Uint8Array ? { [ENTRY_POINT]: version.files } : version.files
    const files: ArtifactRef[] = []
    for (const [name, content] of Object.entries(given)) {
      files.push(
        typeof content === 'string' ? await this.#move(name, content) : await this.#store(name, content),
      )
    }
    return {
      ...{ number, signature, batchable, measured, files, golden: [], traceparent: null },
      ...{ signatures, classLabels },
      digest: modelDigest(files, ENTRY_POINT),
      commit: number.toString(16).padStart(40, '0'),
      entryPoint: ENTRY_POINT,
      runtime: { ...defaultModelConfig().runtime, ...version.runtime },
    }
  }

  /** Starts a node that listens, and holds nothing yet when `models` is left out. */
  async start(options: Omit<RigNodeOptions, 'project' | 'dataDir'>): Promise<RigNode> {
    const node = await RigNode.start({ ...options, project: this.#project, dataDir: this.dataDir })
    this.#nodes.push(node)
    return node
  }

  /** Ends every node, checks that no process of it is left, and removes the folder. Idempotent. */
  async close(): Promise<void> {
    if (!existsSync(this.folder)) return
    await Promise.all(this.#nodes.map((node) => node.end()))
    try {
      await waitFor('every process of the rig to end', () => processesNaming(this.folder).length === 0, {
        timeoutMs: 10_000,
      })
    } finally {
      await rm(this.folder, { recursive: true, force: true })
    }
  }

  async #store(name: string, bytes: Uint8Array): Promise<ArtifactRef> {
    const sha256 = sha256Hex(bytes)
    const place = await this.#placeOf(sha256)
    await writeFile(`${place}.draft`, bytes, { mode: 0o444 })
    await rename(`${place}.draft`, place)
    return { path: name, sha256, sizeBytes: bytes.byteLength }
  }

  async #move(name: string, file: string): Promise<ArtifactRef> {
    const hash = createHash('sha256')
    await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash)
    const sha256 = hash.digest('hex')
    const { size } = await stat(file)
    await chmod(file, 0o444)
    await rename(file, await this.#placeOf(sha256))
    return { path: name, sha256, sizeBytes: size }
  }

  /** Where a file of the artifact store lies. */
  async #placeOf(sha256: string): Promise<string> {
    const folder = path.join(this.dataDir, 'artifacts', 'sha256', sha256.slice(0, 2))
    await mkdir(folder, { recursive: true, mode: 0o755 })
    return path.join(folder, sha256)
  }
}
