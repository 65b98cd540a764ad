/**
 * The directions of the house. A package may import only what stands in its row; everything else fails the build.
 * apps/* -> api -> {rollout, gitops, serving, protocols, db} -> telemetry -> core
 */
const MAY_IMPORT = {
  core: [],
  telemetry: ['core'],
  serving: ['telemetry', 'core'],
  onnx: ['serving', 'telemetry', 'core'],
  protocols: ['core'],
  gitops: ['telemetry', 'core'],
  rollout: ['telemetry', 'core'],
  db: ['rollout', 'gitops', 'serving', 'telemetry', 'core'],
  api: ['db', 'rollout', 'gitops', 'serving', 'protocols', 'telemetry', 'core'],
  testing: ['core'],
  tooling: [],
}

const directions = Object.entries(MAY_IMPORT).map(([name, allowed]) => ({
  name: `direction-${name}`,
  comment: `packages/${name} may import only: ${allowed.join(', ') || 'nothing of ours'}`,
  severity: 'error',
  from: { path: `^packages/${name}/src`, pathNot: '\\.test\\.ts$' },
  to: { path: '^(packages|apps)/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
}))

export default {
  forbidden: [
    ...directions,
    {
      name: 'no-testing-in-production',
      comment: 'Fakes and fixtures are for tests.',
      severity: 'error',
      from: { path: '^(packages/(?!testing)[^/]+|apps/[^/]+)/src', pathNot: '\\.test\\.tsx?$' },
      to: { path: '^packages/(testing|[^/]+/test)/' },
    },
    {
      name: 'predict-carries-no-database',
      comment:
        'The data plane carries no Prisma: api/predict reaches serving and protocols, never db or the control API.',
      severity: 'error',
      from: { path: '^packages/api/src/predict' },
      to: { path: '^packages/(db|gitops|rollout)/|^packages/api/src/control' },
    },
    {
      name: 'serving-app-uses-the-node-store-only',
      comment: 'A node speaks to Postgres through @understudy/db/node, which needs no Prisma.',
      severity: 'error',
      from: { path: '^apps/serving/src|^packages/db/src/node' },
      to: { path: '^packages/db/src/(?!node/)|@prisma' },
    },
    {
      name: 'apps-do-not-import-apps',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: 'generated|^@/|^next/' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|dist|\\.next|generated)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js'],
    },
  },
}
