import { execFile } from 'node:child_process'

/** A helper of the system that does one thing and ends. */
export interface ToolCall {
  /** The complete command line. */
  readonly command: readonly string[]
  /** User and group to run as; undefined for those of the caller. */
  readonly identity: { readonly uid: number; readonly gid: number } | undefined
}

export const TOOL_TIMEOUT_MS = 5_000

/** Runs a helper, and tells whether it worked. Never rejects. */
export function runTool({ command: [file = '', ...args], identity }: ToolCall): Promise<boolean> {
  const options = { env: {}, cwd: '/', timeout: TOOL_TIMEOUT_MS, ...identity }
  return new Promise((resolve) => {
    try {
      execFile(file, args, options, (error) => resolve(error === null))
    } catch {
      resolve(false)
    }
  })
}
