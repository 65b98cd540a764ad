import {
  Activity,
  Ban,
  Blend,
  Circle,
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleQuestionMark,
  CircleSlash,
  FileX,
  GitCommitHorizontal,
  Lock,
  type LucideIcon,
  OctagonX,
  PackageCheck,
  RefreshCw,
  Rocket,
  Undo2,
  UserRoundCheck,
} from 'lucide-react'

/** Signs of the actions in the audit log; the sentence beside each says what happened. */
const ICONS: Readonly<Record<string, LucideIcon>> = {
  synced: GitCommitHorizontal,
  validated: CircleCheck,
  rejected: FileX,
  approved: UserRoundCheck,
  promoted: Rocket,
  rolledBack: Undo2,
  withdrawn: Ban,
  lifted: RefreshCw,
  'rollout.requested': RefreshCw,
  'rollout.started': PackageCheck,
  'rollout.shadowReady': Blend,
  'rollout.readyToPromote': Rocket,
  'rollout.passed': CircleCheck,
  'rollout.cleared': Rocket,
  'rollout.held': Lock,
  'rollout.released': Lock,
  'rollout.inconclusive': CircleQuestionMark,
  'rollout.noData': CircleDashed,
  'rollout.retried': RefreshCw,
  'rollout.approvalMissing': UserRoundCheck,
  'rollout.nodesLag': CirclePause,
  'rollout.succeeded': Rocket,
  'rollout.failed': OctagonX,
  'rollout.aborted': CircleSlash,
}

/** The sign of an action; a plain one for an action that has none of its own yet. */
export function actionIcon(action: string): LucideIcon {
  return ICONS[action] ?? (action.startsWith('rollout.') ? Activity : Circle)
}
