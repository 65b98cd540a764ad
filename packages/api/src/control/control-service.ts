import type { KeyVerb } from '@understudy/core'
import type { AuditVerification } from '@understudy/db'
import type {
  AuditPage,
  CreatedKeyView,
  EvidenceView,
  KeyView,
  LiveAtView,
  ModelView,
  NotificationView,
  OverviewView,
  PlatformView,
  QualityView,
  RolloutView,
  SeenRollout,
  StatusDocument,
  WhyView,
} from '../views/index.ts'

/** What an act did. The same act twice is a success that changed nothing, and says so. */
export interface ActResult {
  readonly changed: boolean
  readonly sentence: string
}

/** One request body's worth of input, by name, one row: honest traffic is made of these. */
export interface TrafficSample {
  readonly inputs: Readonly<Record<string, unknown>>
}

/** Reads of the control plane. Each reads one snapshot; none changes anything. */
export interface ControlReads {
  platform(): Promise<PlatformView>
  overview(): Promise<OverviewView>
  /** @throws PlatformError `control.not_found` */
  model(name: string): Promise<ModelView>
  /** @throws PlatformError `rollout.not_found` */
  rollout(id: string): Promise<RolloutView>
  audit(query: {
    readonly before?: number | undefined
    readonly model?: string | undefined
    readonly limit: number
  }): Promise<AuditPage>
  liveAt(at: Date): Promise<LiveAtView>
  status(model?: string): Promise<StatusDocument>
  /** Of the model, or of one of its versions. @throws PlatformError `control.not_found` */
  why(model: string, version?: number): Promise<WhyView>
  /** The evidence of the last rollout of the model, or of one of its versions, computed again from what is stored. @throws PlatformError `rollout.not_found` */
  evidence(model: string, version?: number): Promise<EvidenceView>
  /** What reported outcomes say of the versions of a model; null where its policy asks for none. */
  quality(model: string): Promise<QualityView | null>
  /** What people were told, and how far it came; newest first. */
  notifications(limit: number): Promise<readonly NotificationView[]>
  samples(model: string): Promise<readonly TrafficSample[]>
  /** Recomputes the hash chain of the audit log. */
  verifyAudit(): Promise<AuditVerification>
}

/** Which rollout an act means: the open or newest one of the model, or that of a version. */
export interface RolloutAct {
  readonly model: string
  readonly version?: number | undefined
  readonly seen?: SeenRollout | undefined
  readonly actor: string
}

/** Acts of a person. Each is one transaction with its audit row; each is idempotent. */
export interface ControlActs {
  approve(act: {
    readonly model: string
    readonly version: number
    readonly seen?: SeenRollout | undefined
    readonly comment?: string | undefined
    readonly actor: string
  }): Promise<ActResult>
  reject(act: {
    readonly model: string
    readonly version: number
    readonly seen?: SeenRollout | undefined
    readonly reason: string
    readonly actor: string
  }): Promise<ActResult>
  /** `fresh`: with evidence of its own, as another attempt that is judged more strictly; needs a reason. */
  retry(act: {
    readonly model: string
    readonly version?: number | undefined
    readonly fresh?: boolean | undefined
    readonly reason?: string | undefined
    readonly actor: string
  }): Promise<ActResult>
  /** Ends the open rollout. In its bake it is the rollback. */
  abort(act: RolloutAct & { readonly reason: string }): Promise<ActResult>
  pause(act: RolloutAct & { readonly reason?: string | undefined }): Promise<ActResult>
  resume(act: RolloutAct & { readonly reason?: string | undefined }): Promise<ActResult>
  /** Lets a paused rollout go live without its verdict; recorded for ever. */
  promoteNow(act: RolloutAct & { readonly reason: string }): Promise<ActResult>
  /** Starts a shadow that ends with its verdict and never goes live. */
  rehearse(act: {
    readonly model: string
    readonly version: number
    readonly actor: string
  }): Promise<ActResult>
  /** Fixes what is live until it is released. Past `expiresInMs` it still stands, and alarms. */
  hold(act: {
    readonly model: string
    readonly reason: string
    readonly expiresInMs: number | null
    readonly actor: string
  }): Promise<ActResult>
  releaseHold(act: { readonly model: string; readonly actor: string }): Promise<ActResult>
  /** Starts a rollout by hand. */
  promote(act: {
    readonly model: string
    readonly version: number
    readonly actor: string
  }): Promise<ActResult>
  /** Takes the live version off. `from` and `generation` are what the person saw; when they are no longer true nothing changes. */
  rollback(act: {
    readonly model: string
    readonly from?: number | undefined
    readonly generation?: number | undefined
    /** The version taken off counts as failed, not as withdrawn: it may be tried again on request. */
    readonly noWithdraw?: boolean | undefined
    readonly reason: string
    readonly actor: string
  }): Promise<ActResult>
  lift(act: {
    readonly model: string
    readonly digest: string
    readonly reason: string
    readonly actor: string
  }): Promise<ActResult>
}

/** API keys of clients that predict. */
export interface ControlKeys {
  /**
   * Makes a key. Its text is in the answer, this once; it is stored nowhere.
   *
   * @throws PlatformError `control.keys_unavailable`
   */
  create(act: {
    readonly name: string
    /** Models it may be used for, existing or not; null means all. */
    readonly models: readonly string[] | null
    readonly verbs: readonly KeyVerb[]
    /** Null: it does not expire. */
    readonly expiresInMs: number | null
    readonly actor: string
  }): Promise<CreatedKeyView>
  /** Every key there ever was, the newest first. */
  list(): Promise<readonly KeyView[]>
  /** @throws PlatformError `control.not_found` */
  revoke(act: { readonly id: string; readonly actor: string }): Promise<ActResult>
}

/** Something changed; a page asks again for what it shows. A heartbeat has no change. */
export interface ChangeEvent {
  /** Counts changes since the stream began; a heartbeat repeats the last one. */
  readonly seq: number
  /** ISO 8601, the server's clock. */
  readonly at: string
}

export interface ControlService extends ControlReads, ControlActs {
  readonly keys: ControlKeys
  /** Yields at once, on every change, and at least every 2 seconds as a heartbeat, until the signal aborts. */
  changes(signal: AbortSignal): AsyncIterable<ChangeEvent>
}
