export type { CreatedKeyView, KeyView } from './key-views.ts'
export type {
  AnalysisView,
  CommitView,
  DriftView,
  GateView,
  HoldView,
  ModelRow,
  ModelView,
  PairExampleView,
  PolicyLine,
  PromotionView,
  RolloutView,
  SeenRollout,
  StepView,
  VersionRef,
  VersionView,
  WhyView,
} from './model-views.ts'
export type {
  AuditEntryView,
  AuditPage,
  LiveAtView,
  NeedsYouItem,
  OverviewView,
  PlatformView,
} from './overview-views.ts'
export type {
  StatusDocument,
  StatusIncident,
  StatusModel,
  StatusNode,
  StatusRollout,
  StatusVersion,
} from './status-document.ts'
