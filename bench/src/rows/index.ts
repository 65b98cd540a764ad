import type { Row } from '../row.ts'
import { BATCHING } from './batching.ts'
import { CRASH } from './crash.ts'
import { GRPC_COST } from './grpc-cost.ts'
import { LOAD_BESIDE_LIVE } from './load-beside-live.ts'
import { LOAD_TIME } from './load-time.ts'
import { LOOP_BLOCK } from './loop-block.ts'
import { MANY_MODELS } from './many-models.ts'
import { PLATFORM_TIMES } from './platform-times.ts'
import { PREVIOUS_MEMORY } from './previous-memory.ts'
import { REST_THROUGHPUT } from './rest-throughput.ts'
import { SHADOW } from './shadow.ts'
import { SWAPS_UNDER_LOAD } from './swaps.ts'
import { TRACING } from './tracing.ts'
import { TRPC_PREDICT } from './trpc-predict.ts'

/** All rows, in the order in which they run. */
export const ROWS: readonly Row[] = [
  ...REST_THROUGHPUT,
  TRPC_PREDICT,
  ...GRPC_COST,
  BATCHING,
  LOAD_BESIDE_LIVE,
  SWAPS_UNDER_LOAD,
  LOAD_TIME,
  PREVIOUS_MEMORY,
  ...SHADOW,
  TRACING,
  PLATFORM_TIMES,
  MANY_MODELS,
  CRASH,
  ...LOOP_BLOCK,
]
