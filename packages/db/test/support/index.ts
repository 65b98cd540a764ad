export { commitOf, digestOf, step } from './fake-git.ts'
export { type CountedPairs, FakeNode, type Held } from './fake-node.ts'
export { SIGNATURE, VALIDATED, World } from './world.ts'
