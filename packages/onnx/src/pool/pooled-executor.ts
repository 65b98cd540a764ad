import type { ExecutorClient } from '../process/executor-client.ts'

/** An executor process as far as the pool needs it. */
export type PooledExecutor = Pick<
  ExecutorClient,
  | 'pid'
  | 'isAlive'
  | 'exited'
  | 'load'
  | 'run'
  | 'unload'
  | 'ping'
  | 'setMemoryLimit'
  | 'setBackground'
  | 'kill'
>
