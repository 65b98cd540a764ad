import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { prepareDataFolder } from '../src/up/data-folder.ts'

let parent: string
let openPlace: string
let project: string
beforeEach(async () => {
  parent = await realpath(await mkdtemp(path.join(os.tmpdir(), 'data-folder-')))
  await chmod(parent, 0o755)
  openPlace = path.join(parent, 'open')
  project = path.join(parent, 'home', 'project')
  await mkdir(project, { recursive: true })
})
afterEach(() => rm(parent, { recursive: true, force: true }))

const close = () => chmod(path.join(parent, 'home'), 0o700)
const asRoot = () => prepareDataFolder(path.join(project, '.understudy'), { asRoot: true, openPlace })

/** Whether every folder on the real way lets other accounts pass. */
async function isOpen(folder: string): Promise<boolean> {
  for (let at = folder; at !== path.dirname(at); at = path.dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false
  }
  return true
}

describe('prepareDataFolder', () => {
  it('makes a folder for its owner alone when we are an ordinary user', async () => {
    const folder = await prepareDataFolder(path.join(project, '.understudy'), { asRoot: false })
    expect(folder.realPath).toBe(folder.path)
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700)
  })

  it('makes an ordinary folder as root where every account can pass', async () => {
    const folder = await asRoot()
    expect(folder.realPath).toBe(folder.path)
    expect(await isOpen(folder.realPath)).toBe(true)
  })

  it('makes a link to an open place as root below a folder closed to others, and keeps it', async () => {
    await close()
    const folder = await asRoot()
    expect((await lstat(folder.path)).isSymbolicLink()).toBe(true)
    expect(await isOpen(folder.realPath)).toBe(true)
    expect((await stat(folder.realPath)).mode & 0o777).toBe(0o711)
    expect(await asRoot()).toEqual(folder)
  })

  it('moves data that was there before the way was closed', async () => {
    await writeFile(path.join((await asRoot()).path, 'kept'), 'data')
    await close()
    const folder = await asRoot()
    expect(await isOpen(folder.realPath)).toBe(true)
    expect(await readFile(path.join(folder.path, 'kept'), 'utf8')).toBe('data')
  })

  it('starts fresh in a fresh clone at the path of a deleted one, and leaves a moved project its data', async () => {
    await close()
    const first = await asRoot()
    await writeFile(path.join(first.path, 'kept'), 'data')
    await rename(project, `${project}-moved`)
    const second = await asRoot()
    expect(second.realPath).not.toBe(first.realPath)
    expect(await readFile(path.join(`${project}-moved`, '.understudy', 'kept'), 'utf8')).toBe('data')
  })

  it('makes the place again when only the link is left', async () => {
    await close()
    const first = await asRoot()
    await rm(first.realPath, { recursive: true })
    expect(await asRoot()).toEqual(first)
  })

  it('refuses a link of the user to a closed place, and a path through a file', async () => {
    await close()
    await mkdir(path.join(parent, 'home', 'elsewhere'))
    await symlink(path.join(parent, 'home', 'elsewhere'), path.join(project, '.understudy'))
    await expect(asRoot()).rejects.toMatchObject({ code: 'up.data_folder_closed' })
    await writeFile(path.join(parent, 'file'), '')
    await expect(
      prepareDataFolder(path.join(parent, 'file', 'data'), { asRoot: false }),
    ).rejects.toMatchObject({ code: 'up.data_folder_unwritable' })
  })
})
