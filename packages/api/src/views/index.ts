export type {
  AnalysisView,
  CalibrationView,
  EvidenceView,
  FlipsView,
  GateName,
  GateView,
  RecomputedVerdict,
  SegmentView,
} from './analysis-views.ts'
export type { CreatedKeyView, KeyView } from './key-views.ts'
export type {
  ApprovalView,
  CommitView,
  DriftView,
  HoldView,
  LabelView,
  ModelRow,
  ModelView,
  PairExampleView,
  PointerView,
  PolicyLine,
  PromotionKind,
  PromotionView,
  RolloutAct,
  RolloutView,
  SeenRollout,
  StepView,
  VariantView,
  VersionRef,
  VersionView,
  WhyView,
} from './model-views.ts'
export type { DeliveryView, NotificationView } from './notification-views.ts'
export type {
  AuditEntryView,
  AuditPage,
  LiveAtView,
  NeedsYouItem,
  OverviewView,
  PlatformView,
} from './overview-views.ts'
export type {
  ContradictionView,
  OutcomeCoverageView,
  QualityCurveView,
  QualityView,
} from './quality-views.ts'
export type {
  StatusDocument,
  StatusIncident,
  StatusModel,
  StatusNode,
  StatusRollout,
  StatusVersion,
} from './status-document.ts'
