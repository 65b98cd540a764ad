import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { run } from './run.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]
const APT_ENV = { DEBIAN_FRONTEND: 'noninteractive' }

/**
 * Finds a Chromium for the browser tests, or installs Debian's where we may; gives its path or what to do.
 *
 * @returns {Promise<{ path: string } | { problem: string }>}
 */
export async function ensureChromium() {
  const given = process.env.UNDERSTUDY_CHROMIUM
  if (given)
    return isExecutable(given)
      ? { path: given }
      : { problem: `UNDERSTUDY_CHROMIUM names ${given}, which cannot be run.` }
  return (
    found() ??
    (await installed()) ??
    found() ?? {
      problem:
        'No Chromium was found: install one (for example `apt-get install chromium`), or name it with UNDERSTUDY_CHROMIUM.',
    }
  )
}

function found() {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)
  const candidates = [...NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))), ...PLACES]
  const at = candidates.find(isExecutable)
  return at === undefined ? undefined : { path: at }
}

/** Only root may install; the list of packages is fetched when the first attempt does not know them. */
async function installed() {
  if (process.getuid?.() !== 0) return undefined
  const install = () =>
    run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-liberation'], {
      env: APT_ENV,
    })
  if ((await install()).code === 0) return undefined
  await run('apt-get', ['update'], { env: APT_ENV })
  const { code, output } = await install()
  return code === 0
    ? undefined
    : { problem: `apt-get could not install chromium: ${output.trim().split('\n').at(-1)}` }
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
