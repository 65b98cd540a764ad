import { readFileSync } from 'node:fs'

/**
 * Guarantees that the lockfile is whole: every optional (per-platform) package that an entry names has an entry of its own.
 * A registry view that lacks one platform makes npm leave it out in silence, and `npm ci` then fails for others.
 */
const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
const missing = []
for (const [path, entry] of Object.entries(packages)) {
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    const places = []
    for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
      places.push(at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`)
      if (at === '') break
      if (!at.includes('node_modules/')) at = ''
    }
    if (!places.some((place) => packages[place])) missing.push(`${name} (wanted by ${path || 'the root'})`)
  }
}
if (missing.length > 0) {
  process.stderr.write(
    `The lockfile lacks ${missing.length} optional package(s):\n  ${missing.join('\n  ')}\nPin a version whose platform packages are all served, and run npm install.\n`,
  )
  process.exit(1)
}
process.stdout.write('The lockfile is whole.\n')
