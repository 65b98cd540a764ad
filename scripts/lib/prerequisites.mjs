import { spawnSync } from 'node:child_process'
import { Failure } from './failure.mjs'

const NODE_MIN = [20, 19]

/** Checks the two things that a fresh machine must have; npm came with Node. */
export function checkPrerequisites() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    throw new Failure(
      `Node.js ${process.versions.node} is too old: install ${NODE_MIN.join('.')} or later from https://nodejs.org.`,
    )
  }
  if (spawnSync('git', ['--version']).status !== 0) {
    throw new Failure(
      'The program `git` cannot be run: install it (for example `apt-get install git`, or from https://git-scm.com) and start again.',
    )
  }
}
