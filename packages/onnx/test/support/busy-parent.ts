import { Starter } from '../../src/starter/starter.ts'

// A parent to be killed: has a starter start the command it is given, and takes nothing of it, since it is busy for ever.
const [starterEntry = '', ...command] = process.argv.slice(2)
const starter = new Starter({ entry: starterEntry })
void starter.startExecutor(command)
process.stdout.write(`${starter.pid}\n`)
setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
