import type { PromotionKind } from '@understudy/api/views'
import type {
  AbortReason,
  DriftReason,
  NodeState,
  PauseReason,
  RolloutKind,
  RolloutState,
  RolloutStep,
  ServableState,
  Standing,
  SystemLabel,
  VerdictOutcome,
  VersionState,
} from '@understudy/core'
import {
  Activity,
  Archive,
  Ban,
  Blend,
  Check,
  Circle,
  CircleAlert,
  CircleCheck,
  CircleCheckBig,
  CircleDashed,
  CirclePause,
  CircleQuestionMark,
  CircleSlash,
  CircleX,
  Download,
  FileMinus,
  FileX,
  Flame,
  GitCommitHorizontal,
  Hand,
  History,
  Hourglass,
  Loader,
  Lock,
  LogOut,
  type LucideIcon,
  OctagonX,
  Pin,
  Rocket,
  ScanSearch,
  Split,
  Tag,
  Timer,
  TrendingDown,
  Unplug,
  Upload,
  UserRoundCheck,
} from 'lucide-react'

/** What a colour says. `mute`: well, or over; colour is earned by something to do. */
export type Tone = 'ink' | 'cand' | 'ok' | 'warn' | 'bad' | 'mute'

/** The languages of the table. A new one is added here; the types then ask for its words everywhere. */
export const LANGUAGES = ['en'] as const
type Language = (typeof LANGUAGES)[number]
export type Words = Readonly<Record<Language, string>>

/** How one state is shown everywhere: icon, word and tone. `dot` is the solid dot of what is live. */
export interface Look {
  readonly icon: LucideIcon | 'dot'
  readonly tone: Tone
  readonly word: Words
  /** A tone of the icon alone, where the word stays quiet. */
  readonly iconTone?: Tone
}

export const VERSION_LOOKS: Readonly<Record<VersionState, Look>> = {
  discovered: { icon: GitCommitHorizontal, tone: 'mute', word: { en: 'Discovered' } },
  validating: { icon: ScanSearch, tone: 'cand', word: { en: 'Validating' } },
  validated: { icon: CircleCheck, tone: 'ok', word: { en: 'Validated' } },
  rejected: { icon: FileX, tone: 'bad', word: { en: 'Rejected' } },
  retired: { icon: Archive, tone: 'mute', word: { en: 'Retired' } },
}

export const STANDING_LOOKS: Readonly<Record<Standing, Look>> = {
  untried: { icon: CircleDashed, tone: 'mute', word: { en: 'Untried' } },
  failed: { icon: OctagonX, tone: 'bad', word: { en: 'Failed' } },
  proven: { icon: CircleCheckBig, tone: 'mute', word: { en: 'Proven' } },
  withdrawn: { icon: Ban, tone: 'bad', word: { en: 'Withdrawn' } },
}

export const LABEL_LOOKS: Readonly<Record<SystemLabel, Look>> = {
  live: { icon: 'dot', tone: 'ink', word: { en: 'Live' } },
  shadow: { icon: Blend, tone: 'cand', word: { en: 'Shadow' } },
  canary: { icon: Split, tone: 'cand', word: { en: 'Canary' } },
  previous: { icon: History, tone: 'mute', word: { en: 'Previous' } },
}

/** Labels that a person gave in Git. */
export const USER_LABELS_LOOK: Look = { icon: Tag, tone: 'mute', word: { en: 'Labels' } }

export const ROLLOUT_LOOKS: Readonly<Record<RolloutState, Look>> = {
  progressing: { icon: Loader, tone: 'cand', word: { en: 'Progressing' } },
  paused: { icon: CirclePause, tone: 'warn', word: { en: 'Paused' } },
  succeeded: { icon: CircleCheckBig, tone: 'ok', word: { en: 'Succeeded' } },
  failed: { icon: OctagonX, tone: 'bad', word: { en: 'Failed' } },
  aborted: { icon: CircleSlash, tone: 'mute', word: { en: 'Aborted' } },
}

export const PAUSE_LOOKS: Readonly<Record<PauseReason, Look>> = {
  approval: { icon: UserRoundCheck, tone: 'warn', word: { en: 'Needs approval' } },
  inconclusive: { icon: CirclePause, tone: 'warn', word: { en: 'Paused, inconclusive' } },
  noData: { icon: CirclePause, tone: 'warn', word: { en: 'Paused, no data' } },
  held: { icon: CirclePause, tone: 'warn', word: { en: 'Paused, held' } },
  frozen: { icon: CirclePause, tone: 'warn', word: { en: 'Paused, freeze window' } },
  nodesLagging: { icon: CirclePause, tone: 'warn', word: { en: 'Paused, nodes lagging' } },
  byUser: { icon: CirclePause, tone: 'warn', word: { en: 'Paused by a person' } },
}

export const STEP_WORDS: Readonly<Record<RolloutStep, Words>> = {
  preparing: { en: 'Load and warm' },
  shadow: { en: 'Shadow' },
  approval: { en: 'Approval' },
  canary: { en: 'Canary' },
  promoting: { en: 'Promote' },
  bake: { en: 'Bake' },
}

export const ABORT_WORDS: Readonly<Record<AbortReason, Words>> = {
  superseded: { en: 'superseded by another version' },
  baselineChanged: { en: 'the baseline changed' },
  policyChanged: { en: 'the policy changed' },
  deletedInGit: { en: 'deleted in Git' },
  byUser: { en: 'aborted by a person' },
  deadline: { en: 'nobody decided in time' },
  rehearsed: { en: 'the rehearsal is over' },
}

export const KIND_WORDS: Readonly<Record<RolloutKind | PromotionKind, Words>> = {
  evidence: { en: 'on evidence' },
  first: { en: 'first version' },
  immediate: { en: 'immediate, by policy' },
  returning: { en: 'returning' },
  rehearsal: { en: 'rehearsal' },
  promoteNow: { en: 'by a person, without a verdict' },
  rollback: { en: 'rollback' },
}

/** Verdicts of an analysis and of one gate. */
export type VerdictWord = VerdictOutcome | 'collecting' | 'towardFail' | 'noPairs'

export const VERDICT_LOOKS: Readonly<Record<VerdictWord, Look>> = {
  collecting: { icon: Activity, tone: 'cand', word: { en: 'Collecting' } },
  towardFail: { icon: TrendingDown, tone: 'warn', word: { en: 'Toward fail' } },
  pass: { icon: CircleCheck, tone: 'ok', word: { en: 'Pass' } },
  fail: { icon: OctagonX, tone: 'bad', word: { en: 'Fail' } },
  inconclusive: { icon: CircleQuestionMark, tone: 'warn', word: { en: 'Inconclusive' } },
  noData: { icon: CircleDashed, tone: 'mute', word: { en: 'No data' } },
  noPairs: { icon: CircleDashed, tone: 'mute', word: { en: 'No pairs' } },
}

export const DRIFT_LOOKS: Readonly<Record<DriftReason | 'inSync', Look>> = {
  inSync: { icon: Check, tone: 'mute', iconTone: 'ok', word: { en: 'In sync' } },
  rolloutRunning: { icon: Loader, tone: 'mute', word: { en: 'Rollout running' } },
  heldByOperator: { icon: Lock, tone: 'warn', word: { en: 'Held by operator' } },
  withdrawn: { icon: Ban, tone: 'warn', word: { en: 'Withdrawn' } },
  rolloutFailed: { icon: OctagonX, tone: 'bad', word: { en: 'Rollout failed' } },
  rejected: { icon: FileX, tone: 'bad', word: { en: 'Rejected' } },
  nodeLagging: { icon: Timer, tone: 'warn', word: { en: 'Node lagging' } },
  deletedInGit: { icon: FileMinus, tone: 'warn', word: { en: 'Deleted in Git' } },
  validating: { icon: ScanSearch, tone: 'mute', word: { en: 'Validating' } },
  manual: { icon: Hand, tone: 'mute', word: { en: 'Waits for a person' } },
  pinned: { icon: Pin, tone: 'mute', word: { en: 'Pinned in Git' } },
  repositoryStalled: { icon: CircleAlert, tone: 'bad', word: { en: 'Repository stalled' } },
}

export const NODE_LOOKS: Readonly<Record<NodeState, Look>> = {
  starting: { icon: Hourglass, tone: 'mute', word: { en: 'Starting' } },
  ready: { icon: CircleCheck, tone: 'mute', word: { en: 'Ready' } },
  lagging: { icon: Timer, tone: 'warn', word: { en: 'Lagging' } },
  draining: { icon: LogOut, tone: 'mute', word: { en: 'Draining' } },
  unreachable: { icon: Unplug, tone: 'bad', word: { en: 'Unreachable' } },
}

export const SERVABLE_LOOKS: Readonly<Record<ServableState, Look>> = {
  start: { icon: Hourglass, tone: 'mute', word: { en: 'Start' } },
  loading: { icon: Download, tone: 'cand', word: { en: 'Loading' } },
  warming: { icon: Flame, tone: 'cand', word: { en: 'Warming' } },
  available: { icon: CircleCheck, tone: 'ok', word: { en: 'Available' } },
  unloading: { icon: Upload, tone: 'mute', word: { en: 'Unloading' } },
  end: { icon: Circle, tone: 'mute', word: { en: 'End' } },
  error: { icon: CircleX, tone: 'bad', word: { en: 'Error' } },
}

/** A promotion under way: the word of the step says more than "progressing". */
export const PROMOTING_LOOK: Look = { icon: Rocket, tone: 'cand', word: { en: 'Promoting' } }

/** The words of a rollout's state; progressing never without its step. */
export function rolloutWords(rollout: Parameters<typeof rolloutLook>[0]): string {
  const { word } = rolloutLook(rollout)
  const named = rollout.state === 'progressing' && rollout.step !== 'promoting'
  return named ? `${word.en}, ${STEP_WORDS[rollout.step].en.toLowerCase()}` : word.en
}

/** How a rollout is shown: a pause by its reason, a promotion by its step. */
export function rolloutLook(rollout: {
  readonly state: RolloutState
  readonly step: RolloutStep
  readonly pauseReason: PauseReason | null
}): Look {
  if (rollout.state === 'paused' && rollout.pauseReason !== null) return PAUSE_LOOKS[rollout.pauseReason]
  if (rollout.state === 'progressing' && rollout.step === 'promoting') return PROMOTING_LOOK
  return ROLLOUT_LOOKS[rollout.state]
}
