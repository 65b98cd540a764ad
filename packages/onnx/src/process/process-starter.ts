import type { ExecutorProcess } from './executor-process.ts'
import type { ToolCall } from './run-tool.ts'

/** Forks in the place of this process. Every request settles; with undefined where this process must do it by itself. */
export interface ProcessStarter {
  /**
   * Starts an executor by its complete command line.
   *
   * @throws PlatformError `onnx.executor_unavailable` when the system refuses the process
   */
  startExecutor(command: readonly string[]): Promise<ExecutorProcess | undefined>
  /** Runs a helper, and tells whether it worked. */
  runTool(call: ToolCall): Promise<boolean | undefined>
}
