#!/usr/bin/env node
import { existsSync } from 'node:fs'

const main = new URL('../dist/main.mjs', import.meta.url)
if (!existsSync(main)) {
  process.stderr.write(
    'understudy is not built yet. Run `npm start` or `npm run build` in the repository first.\n',
  )
  process.exit(1)
}
await import(main.href)
