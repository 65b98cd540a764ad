import { isMainThread, parentPort } from 'node:worker_threads'
import { runExecutor } from './run-executor.ts'
import { watch } from './watchdog.ts'

// One file is both threads: a bundle has no other file to start the watchdog from.
if (isMainThread) {
  await runExecutor(new URL(import.meta.url), process.argv[2] ?? '')
  process.exit(0)
} else {
  watch(() => parentPort?.postMessage('watching'))
}
