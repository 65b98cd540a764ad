import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Writes `src/generated` from `proto`: codecs by ts-proto, and the descriptors that server reflection hands out.
 *
 * `--check` writes nothing; it fails when `src/generated` is not what would be written.
 */
const HOME = fileURLToPath(new URL('..', import.meta.url))
const TARGET = path.join(HOME, 'src/generated')
const OPTIONS = [
  // Views of what came in: Node's Buffer would be a copy.
  'env=browser',
  'esModuleInterop=true',
  'importSuffix=.ts',
  'forceLong=bigint',
  'oneof=unions-value',
  'enumsAsLiterals=true',
  'unrecognizedEnum=false',
  'outputJsonMethods=false',
  'outputPartialMethods=false',
  'outputServices=none',
  'exportCommonSymbols=false',
  'useMapType=true',
  'useExactTypes=false',
  'annotateFilesWithVersion=false',
]

function generate(outdir) {
  const template = {
    version: 'v2',
    plugins: [{ local: bin('protoc-gen-ts_proto'), out: outdir, opt: OPTIONS, include_imports: true }],
  }
  buf(['generate', '--template', JSON.stringify(template)])
  const image = path.join(outdir, 'descriptors.binpb')
  buf(['build', '-o', image, '--as-file-descriptor-set', '--exclude-source-info'])
  writeFileSync(path.join(outdir, 'descriptors.ts'), descriptorsModule(readFileSync(image)))
  rmSync(image)
}

function descriptorsModule(bytes) {
  return [
    '// Code generated from the files in proto. DO NOT EDIT.',
    '',
    '/** A serialized google.protobuf.FileDescriptorSet of every file, those that they import included, in base64. */',
    `export const DESCRIPTORS = '${bytes.toString('base64')}'`,
    '',
  ].join('\n')
}

function bin(name) {
  for (let at = HOME; ; at = path.dirname(at)) {
    const place = path.join(at, 'node_modules/.bin', name)
    try {
      readFileSync(place)
      return place
    } catch (error) {
      if (at === path.dirname(at)) throw error
    }
  }
}

function buf(args) {
  execFileSync(bin('buf'), args, { cwd: HOME, stdio: ['ignore', 'inherit', 'inherit'] })
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort()
}

function check() {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'understudy-protos-'))
  try {
    generate(scratch)
    const names = new Set([...filesOf(scratch), ...filesOf(TARGET)])
    return [...names].filter((name) => read(scratch, name) !== read(TARGET, name))
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function read(folder, name) {
  try {
    return readFileSync(path.join(folder, name), 'utf8')
  } catch {
    return undefined
  }
}

if (process.argv.includes('--check')) {
  const stale = check()
  if (stale.length > 0) {
    process.stderr.write(`Not what proto says; run npm run proto:generate:\n  ${stale.join('\n  ')}\n`)
    process.exit(1)
  }
  process.stdout.write('The generated code is what proto says.\n')
} else {
  rmSync(TARGET, { recursive: true, force: true })
  generate(TARGET)
}
