import { decodeReply } from '../frames/decode-frame.ts'
import type { ReplyFrame } from '../frames/frame.ts'
import type { FrameLimits } from '../frames/frame-limits.ts'
import { FrameSplitter } from '../frames/frame-splitter.ts'
import { type ExecutorProcess, unavailable } from './executor-process.ts'
import { isStoppedBySignal } from './stopped-by-signal.ts'

export type ReadyFrame = Extract<ReplyFrame, { type: 'ready' }>

/** Stopped at two looks in a row is stopped. */
const LOOK_EVERY_MS = 250

/**
 * The first frame of an executor, which says that it has given up its rights and reads requests.
 *
 * @throws PlatformError `onnx.executor_unavailable`; the process is ended then
 */
export function awaitReady(
  process: ExecutorProcess,
  limits: FrameLimits,
  timeoutMs: number,
): Promise<ReadyFrame> {
  return new Promise((resolve, reject) => {
    const splitter = new FrameSplitter(limits)
    let isSettled = false
    const settle = (finish: () => void) => {
      if (isSettled) return
      isSettled = true
      clearTimeout(timer)
      clearInterval(looks)
      process.frames.off('data', onData)
      finish()
    }
    const refuse = (why: string, cause?: unknown) =>
      settle(() => {
        process.kill()
        reject(unavailable(why, cause))
      })
    const timer = setTimeout(() => refuse(`it was not ready within ${timeoutMs} ms`), timeoutMs)
    let wasStopped = false
    const looks = setInterval(async () => {
      const isStopped = await isStoppedBySignal(process.pid)
      if (isStopped && wasStopped) refuse('a signal has stopped it')
      wasStopped = isStopped
    }, LOOK_EVERY_MS)
    const onData = (chunk: Buffer) => {
      try {
        const [raw] = splitter.push(chunk)
        if (!raw) return
        const frame = decodeReply(raw, limits)
        if (frame.type !== 'ready') throw new Error(`its first frame is "${frame.type}"`)
        settle(() => resolve(frame))
      } catch (error) {
        refuse(error instanceof Error ? error.message : String(error), error)
      }
    }
    process.frames.on('data', onData)
    void process.exited.then((exit) => {
      const { signal, code } = exit
      const isUnseen = signal === null && code === null
      const ending = isUnseen ? 'it ended, and nobody saw how' : `it ended with ${signal ?? `code ${code}`}`
      refuse(isUnseen ? ending : `${ending}: ${gistOf(exit.stderrTail)}`)
    })
  })
}

/** The line of an error output that names the error, without the stack around it. */
function gistOf(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim())
  const named = lines.find((line) => /error|what\(\)/i.test(line)) ?? lines.find((line) => line !== '')
  return named?.slice(0, 500) ?? 'no message'
}
