import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runProgram } from './run-program.ts'

/** Of a push, while others push too. */
const PUSH_ATTEMPTS = 10

export interface NewVersion {
  readonly model: string
  readonly number: number
  readonly bytes: Uint8Array
  /** `golden/samples.json` of it. */
  readonly golden?: string | undefined
  /** `model.yaml`, when it changes too. */
  readonly config?: string | undefined
}

/** What a data scientist has: a clone of the models repository, with git's own client. */
export class Clone {
  readonly folder: string
  readonly #env: Readonly<Record<string, string>>

  constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.folder = folder
    this.#env = env
  }

  static async of(url: string, folder: string, env: Readonly<Record<string, string>>): Promise<Clone> {
    await mkdir(folder, { recursive: true })
    const clone = new Clone(folder, env)
    await clone.git('clone', '-q', url, '.')
    await clone.git('config', 'user.name', 'Ada')
    await clone.git('config', 'user.email', 'ada@example.org')
    return clone
  }

  async git(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runProgram('git', args, { cwd: this.folder, env: this.#env })
    if (code !== 0) throw new Error(`git ${args.join(' ')} ended with ${code}: ${stderr}`)
    return stdout.trim()
  }

  path(...steps: string[]): string {
    return path.join(this.folder, ...steps)
  }

  /** Writes files, by path below the clone. */
  async write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(path.dirname(this.path(name)), { recursive: true })
      await writeFile(this.path(name), content)
    }
  }

  async writeVersion({ model, number, bytes, golden, config }: NewVersion): Promise<void> {
    const directory = `models/${model}/${number}`
    await this.write({
      [`${directory}/model.onnx`]: bytes,
      ...(golden === undefined ? {} : { [`${directory}/golden/samples.json`]: golden }),
      ...(config === undefined ? {} : { [`models/${model}/model.yaml`]: config }),
    })
  }

  async link(name: string, target: string): Promise<void> {
    await mkdir(path.dirname(this.path(name)), { recursive: true })
    await symlink(target, this.path(name))
  }

  async remove(name: string): Promise<void> {
    await rm(this.path(name), { recursive: true, force: true })
  }

  /** Commits everything and pushes it, on top of what others pushed meanwhile; returns the commit. */
  async push(message: string): Promise<string> {
    await this.git('add', '--all')
    await this.git('commit', '-q', '--allow-empty', '-m', message)
    for (let attempt = 1; !(await this.#tryPush()); attempt++) {
      if (attempt === PUSH_ATTEMPTS) throw new Error(`${message}: others were quicker ${attempt} times`)
      await this.git('pull', '-q', '--rebase', 'origin', 'main')
    }
    return await this.git('rev-parse', 'HEAD')
  }

  /** False when somebody else was quicker. */
  async #tryPush(): Promise<boolean> {
    const args = ['push', '-q', 'origin', 'HEAD:main']
    const { code, stderr } = await runProgram('git', args, { cwd: this.folder, env: this.#env })
    if (code === 0) return true
    if (/\[rejected\]|cannot lock ref/.test(stderr)) return false
    throw new Error(`git ${args.join(' ')} ended with ${code}: ${stderr}`)
  }

  /** Writes one version, commits and pushes it; returns the commit. */
  async pushVersion(version: NewVersion): Promise<string> {
    await this.writeVersion(version)
    return await this.push(`Add ${version.model} v${version.number}`)
  }
}
