import { InferenceSession } from 'onnxruntime-node'

// A process of its own for each load, as the node has: nothing is warm but the file.
const [file = ''] = process.argv.slice(2)
const beganMs = performance.now()
await InferenceSession.create(file, { intraOpNumThreads: 1 })
process.stdout.write(String(performance.now() - beganMs))
