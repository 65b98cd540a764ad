/**
 * Puts the static files beside the standalone server, so that
 * `node apps/console/.next/standalone/apps/console/server.js` serves the whole console.
 */
import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const console_ = join(import.meta.dirname, '..')
const server = join(console_, '.next/standalone/apps/console')

function copyFresh(from, to) {
  if (!existsSync(from)) return
  rmSync(to, { recursive: true, force: true })
  cpSync(from, to, { recursive: true })
}

copyFresh(join(console_, '.next/static'), join(server, '.next/static'))
copyFresh(join(console_, 'public'), join(server, 'public'))
