import type { TipVersion, VersionRef } from '../wish/wish.ts'
import { law } from './law.fixture.ts'
import type { ModelWorld } from './model-world.fixture.ts'
import type { OpenWorld } from './open-world.fixture.ts'

/** The environment file names it, and that is still to be carried out. */
export function isPointed({ number }: VersionRef, { pointer }: ModelWorld): boolean {
  return pointer !== null && pointer.live === number && !pointer.settled
}

/** Whether it may go live without evidence because the environment file names it. */
export function mayReturn(version: VersionRef, world: ModelWorld): boolean {
  return isPointed(version, world) && world.standingOf(version.digest) === 'proven'
}

/** An entry starts what it names and keeps the trigger from starting anything; carried out, it starts nothing more. */
export function checkPointedStart(version: TipVersion, asked: boolean, world: ModelWorld): void {
  const { pointer, live } = world
  const pointed = isPointed(version, world)
  law('nothing below live is tried unless Git asks for it', pointed || version.number > (live?.number ?? 0))
  law('where Git pins a version only a person starts another', pointer === null || pointed || asked)
}

/** Nothing goes live below live, or against an entry, save what a person began under it. */
export function checkPointedPromotion(open: OpenWorld, world: ModelWorld): void {
  const { pointer, live } = world
  const { candidate } = open.record
  if (isPointed(candidate, world)) return
  law('nothing below live goes live unless Git asks for it', candidate.number > (live?.number ?? 0))
  if (pointer === null) return
  law('against an entry goes live what a person began under it', open.startedAtMs > pointer.changedAtMs)
  law('against an entry goes live what a person asked for', open.asked)
}

/** What is open leads where Git, or a person since, wants to go: an entry that is gone, or that names another version, ends it. */
export function checkPointedOpen(open: OpenWorld, world: ModelWorld): void {
  const { pointer, live, stalled } = world
  const { candidate, kind, position } = open.record
  if (stalled || kind === 'rehearsal' || position.step === 'bake' || isPointed(candidate, world)) return
  law('nothing below live stays open unless Git asks for it', candidate.number > (live?.number ?? 0))
  const isAsked = pointer === null || (open.asked && open.startedAtMs > pointer.changedAtMs)
  law('against an entry stays open what a person began under it', isAsked)
}
