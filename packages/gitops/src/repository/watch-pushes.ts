import { type FSWatcher, watch } from 'node:fs'
import { PUSH_MARK } from './push-hook.ts'

/**
 * Calls the listener soon after a push to a local repository, at least once, perhaps more often. A hint, never the guarantee: where
 * watching is impossible (no inotify left, a network file system) it does nothing, and polling finds the push.
 *
 * @returns whether watching began
 */
export function watchPushes(gitFolder: string, listener: () => void, signal: AbortSignal): boolean {
  if (signal.aborted) return false
  let watcher: FSWatcher
  try {
    watcher = watch(gitFolder, { persistent: false })
  } catch {
    return false
  }
  let announced = false
  const announce = () => {
    announced = false
    if (!signal.aborted) listener()
  }
  watcher.on('change', (_, name) => {
    if (announced || (name !== null && String(name) !== PUSH_MARK)) return
    announced = true
    setImmediate(announce)
  })
  watcher.on('error', () => watcher.close())
  signal.addEventListener('abort', () => watcher.close(), { once: true })
  return true
}
