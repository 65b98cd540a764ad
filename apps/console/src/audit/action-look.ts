import {
  Activity,
  Ban,
  Circle,
  CircleCheck,
  CircleSlash,
  FileX,
  GitCommitHorizontal,
  Lock,
  type LucideIcon,
  OctagonX,
  PackageCheck,
  RefreshCw,
  Rocket,
  ScanSearch,
  Undo2,
  UserRoundCheck,
} from 'lucide-react'

/** Signs of audit actions by the word they end with or hold; the sentence beside it says what happened. */
const ICONS: readonly (readonly [RegExp, LucideIcon])[] = [
  [/roll(ed)?.?back/i, Undo2],
  [/withdraw/i, Ban],
  [/lift/i, RefreshCw],
  [/approv/i, UserRoundCheck],
  [/reject/i, FileX],
  [/fail/i, OctagonX],
  [/abort|supersede/i, CircleSlash],
  [/promot|live|succeed/i, Rocket],
  [/verdict|evidence|analysis/i, Activity],
  [/retry|retried/i, RefreshCw],
  [/hold|held/i, Lock],
  [/validated/i, CircleCheck],
  [/validat/i, ScanSearch],
  [/load|warm|prepar|shadow|start/i, PackageCheck],
  [/push|sync|discover|commit|model|version|repository/i, GitCommitHorizontal],
]

/** The sign of an action of the audit log; a circle for one that has none yet. */
export function actionIcon(action: string): LucideIcon {
  return ICONS.find(([pattern]) => pattern.test(action))?.[1] ?? Circle
}
