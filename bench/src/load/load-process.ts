import { runCalls } from './calls-loop.ts'
import { runClosedLoop } from './closed-loop.ts'
import { OpenLoop } from './open-loop.ts'
import type { LoadNews, LoadOrder } from './orders.ts'

// A process of its own: nothing that the bench does may delay a request or an answer.

let loop: OpenLoop | undefined

process.on('message', (order: LoadOrder) => void obey(order))
process.on('disconnect', () => process.exit(0))
tell({ type: 'ready' })

async function obey(order: LoadOrder): Promise<void> {
  if (order.type === 'closed') {
    tell({ type: 'closed', result: await runClosedLoop(order) })
  } else if (order.type === 'calls') {
    tell({ type: 'closed', result: await runCalls(order) })
  } else if (order.type === 'open') {
    loop = new OpenLoop(order, (version, atMs) => tell({ type: 'version', version, atMs }))
  } else if (loop !== undefined) {
    tell({ type: 'open', result: await loop.stop() })
  }
}

function tell(news: LoadNews): void {
  process.send?.(news)
}
