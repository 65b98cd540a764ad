/** A figure that is measured, and how good it must and should be. */
export interface Target {
  readonly id: string
  readonly figure: string
  /** Empty for a ratio. */
  readonly unit: '' | 'ms' | 'MB' | 'requests'
  readonly floorToPass: number
  readonly goal: number
  /** @defaultValue `atMost` */
  readonly better?: 'atLeast' | 'atMost'
}

/** Everything that is measured, in the order in which it is shown. */
export const TARGETS: readonly Target[] = [
  atLeast('1', 'REST JSON tiny, c=32, requests/s : deferred floor', 0.6, 0.8),
  atLeast('2', 'REST JSON tiny, c=128, requests/s : deferred floor', 0.65, 0.85),
  atMost('3', 'REST JSON tiny, c=1, p50 : deferred floor', 3, 2.2),
  atLeast('4', '784 floats JSON, c=32, requests/s : deferred floor', 0.45, 0.6),
  atLeast('5', '784 floats OIP binary, c=32, requests/s : deferred floor', 0.65, 0.8),
  atLeast('6', 'tRPC predict (httpLink), c=32, requests/s : own REST', 0.75, 0.95),
  atMost('7', 'gRPC OIP ModelInfer raw, CPU per call : grpc-js echo', 1.4, 1),
  atMost('7b', 'gRPC TFS Predict tensor_content, CPU per call : grpc-js echo', 1.4, 1),
  atLeast('8', 'rows/s at c=64, dynamic batching : without', 3, 4),
  atMost('9', 'live p99 while 250 MB loads and warms : steady', 2, 1.3),
  atMost('9b', 'live p50 while 250 MB loads and warms : steady', 1.3, 1.1),
  atMost('10', 'failed requests in 100 swaps under load', 0, 0, 'requests'),
  atMost('10b', 'live p99 in swap windows : steady', 2, 1.3),
  atMost('11', 'load of 250 MB after ingest : ONNX Runtime from a plain file', 0.45, 0.05),
  atMost('12', 'extra memory of a loaded previous, 250 MB : one copy', 0.5, 0.05),
  atMost('13', 'shadow at 100 %, live p99 : without, tiny model', 1.3, 1.1),
  atMost('13b', 'shadow at 100 %, live p99 : without, 10 ms model', 1.3, 1.1),
  atMost('14', 'tracing at 1 % : off, CPU per request', 1.15, 1.05),
  atMost('15', 'push to first answer by the new version', 3_000, 1_000, 'ms'),
  atMost('16', 'rollback call to every node answering with the old version', 300, 100, 'ms'),
  atMost('17', 'memory of a small resident model, of 1,000', 0.4, 0.15, 'MB'),
  atMost('17b', 'cold request to a small model that is not resident', 100, 20, 'ms'),
  atMost('18', 'failed requests when the live executor crashes under load', 0, 0, 'requests'),
  atMost('18b', 'crash of the live executor to full service', 1_000, 200, 'ms'),
  atMost('19', 'longest block of the front: a 7 MB JSON body', 20, 10, 'ms'),
  atMost('19b', 'longest block of the front: an answer of 1M floats and its shadow', 20, 10, 'ms'),
]

/** @throws Error for an id that is not in the table */
export function targetOf(id: string): Target {
  const target = TARGETS.find((one) => one.id === id)
  if (target === undefined) throw new Error(`there is no target ${id}`)
  return target
}

function atLeast(id: string, figure: string, floorToPass: number, goal: number): Target {
  return { id, figure, unit: '', floorToPass, goal, better: 'atLeast' }
}

function atMost(
  id: string,
  figure: string,
  floorToPass: number,
  ...[goal, unit = '']: readonly [goal: number, unit?: Target['unit']]
): Target {
  return { id, figure, unit, floorToPass, goal, better: 'atMost' }
}
