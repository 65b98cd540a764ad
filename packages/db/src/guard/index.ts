export { type GuardedProgram, guardedCommand } from './guarded-command.ts'
export { endLeftover, untilLeftoverEnded } from './leftover.ts'
export { isSameProcess, type ProcessIdentity, processIdentity } from './process-identity.ts'
export { runGuard } from './run-guard.ts'
