import { ExecutorClient, probeSpawnTools, runQuarantine } from '/work/main/packages/onnx/src/index.ts'
const tools = await probeSpawnTools(); console.log(process.getuid!(), tools)
const executor = { entry: '/work/main/packages/onnx/dist/executor/main.mjs', tools }
const c = await ExecutorClient.start({ ...executor, memoryLimitBytes: 1 << 30 }); console.log(c.protections)
console.log((await import('node:fs')).readFileSync(`/proc/${c.pid}/net/dev`, 'utf8').split('\n').length, (await import('node:fs')).readFileSync(`/proc/${c.pid}/status`, 'utf8').match(/^(Uid|NoNewPrivs|CapEff).*/gm))
await c.close()
console.log(await runQuarantine({ modelPath: '/work/main/models-repo-template/models/iris/1/model.onnx', golden: [], runtime: { intraOpThreads: 1, runTimeoutMs: 1000 }, executor }))
const t0 = performance.now(); const d = await ExecutorClient.start(executor); console.log('start ms', performance.now() - t0)
await d.load({ path: '/work/main/models-repo-template/models/iris/1/model.onnx', intraOpThreads: 1, limitMs: 9000 })
for (const par of [1, 2]) for (const rows of [1, 64, 16384]) { const x = new Map([['measurements', { dtype: 'float32' as const, shape: [rows, 4], data: new Float32Array(rows * 4).fill(1) }]]); const n = rows > 1000 ? 100 : 3000; let own = 0; const cpu = process.cpuUsage(); const t = performance.now(); for (let i = 0; i < n; i += par) for (const r of await Promise.all(Array.from({ length: par }, () => d.run(x, 1000)))) own += r.runTimeMs; const u = process.cpuUsage(cpu); console.log({ par, rows, usPerRun: (performance.now() - t) / n * 1000, usInModel: own / n * 1000, parentCpuUs: (u.user + u.system) / n }) }
await d.close()
