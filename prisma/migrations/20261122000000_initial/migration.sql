-- CreateTable
CREATE TABLE "repository" (
    "id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "branch" TEXT NOT NULL,
    "accepted_commit" TEXT,
    "synced_at" TIMESTAMPTZ(3),
    "stalled_reason" TEXT,
    "tip_problem" TEXT,
    "problem" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "repository_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "work_key" (
    "kind" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "requested_seq" BIGINT NOT NULL DEFAULT 1,
    "done_seq" BIGINT NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),
    "holder" TEXT,
    "fence" BIGINT NOT NULL DEFAULT 0,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "not_before" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "last_error" TEXT,
    "traceparent" TEXT,

    CONSTRAINT "work_key_pkey" PRIMARY KEY ("kind","key")
);

-- CreateTable
CREATE TABLE "model" (
    "name" TEXT NOT NULL,
    "repository_id" UUID NOT NULL,
    "config_text" TEXT,
    "config" JSONB NOT NULL,
    "config_problem" TEXT,
    "requested_number" BIGINT,
    "drift_reason" TEXT,
    "drift_detail" TEXT,
    "drift_since" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "model_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "sync_problem" (
    "model" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sync_problem_pkey" PRIMARY KEY ("model","path")
);

-- CreateTable
CREATE TABLE "model_version" (
    "model" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "digest" TEXT NOT NULL,
    "entry_point" TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    "commit_subject" TEXT NOT NULL,
    "author_name" TEXT NOT NULL,
    "author_email" TEXT NOT NULL,
    "committed_at" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT NOT NULL,
    "reasons" JSONB NOT NULL DEFAULT '[]',
    "refusals" JSONB NOT NULL DEFAULT '[]',
    "serving_fingerprint" TEXT NOT NULL,
    "golden_fingerprint" TEXT NOT NULL,
    "at_tip" BOOLEAN NOT NULL,
    "refused" BOOLEAN NOT NULL DEFAULT false,
    "signature" JSONB,
    "batchable" BOOLEAN,
    "load_ms" DOUBLE PRECISION,
    "memory_bytes" BIGINT,
    "size_bytes" BIGINT NOT NULL,
    "traceparent" TEXT,
    "discovered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "validated_at" TIMESTAMPTZ(3),

    CONSTRAINT "model_version_pkey" PRIMARY KEY ("model","number")
);

-- CreateTable
CREATE TABLE "version_file" (
    "model" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "path" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,

    CONSTRAINT "version_file_pkey" PRIMARY KEY ("model","number","path")
);

-- CreateTable
CREATE TABLE "digest_standing" (
    "model" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "standing" TEXT NOT NULL,
    "reason" TEXT,
    "actor" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "digest_standing_pkey" PRIMARY KEY ("model","digest")
);

-- CreateTable
CREATE TABLE "hold" (
    "id" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),
    "closed_by" TEXT,

    CONSTRAINT "hold_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "plan" (
    "model" TEXT NOT NULL,
    "generation" BIGINT NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "plan_pkey" PRIMARY KEY ("model")
);

-- CreateTable
CREATE TABLE "plan_version" (
    "model" TEXT NOT NULL,
    "number" BIGINT NOT NULL,

    CONSTRAINT "plan_version_pkey" PRIMARY KEY ("model","number")
);

-- CreateTable
CREATE TABLE "plan_label" (
    "model" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "number" BIGINT NOT NULL,

    CONSTRAINT "plan_label_pkey" PRIMARY KEY ("model","label")
);

-- CreateTable
CREATE TABLE "promotion" (
    "model" TEXT NOT NULL,
    "generation" BIGINT NOT NULL,
    "from_number" BIGINT,
    "to_number" BIGINT NOT NULL,
    "to_digest" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "rollout_id" UUID,
    "actor" TEXT NOT NULL,
    "reason" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "promotion_pkey" PRIMARY KEY ("model","generation")
);

-- CreateTable
CREATE TABLE "rollout" (
    "id" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "digest" TEXT NOT NULL,
    "baseline_number" BIGINT,
    "baseline_digest" TEXT,
    "policy_hash" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "pause_reason" TEXT,
    "reason" TEXT,
    "verdict" TEXT,
    "summary" TEXT,
    "series_id" UUID,
    "deadline_at" TIMESTAMPTZ(3),
    "step_started_at" TIMESTAMPTZ(3) NOT NULL,
    "steps" JSONB NOT NULL DEFAULT '[]',
    "traceparent" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "rollout_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "evidence_series" (
    "id" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "candidate_digest" TEXT NOT NULL,
    "baseline_digest" TEXT NOT NULL,
    "policy_hash" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL,
    "passed_at" TIMESTAMPTZ(3),
    "closed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "evidence_series_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "evidence_counter" (
    "series_id" UUID NOT NULL,
    "incarnation" UUID NOT NULL,
    "source" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "gate" TEXT NOT NULL,
    "property" TEXT NOT NULL,
    "segment" TEXT NOT NULL DEFAULT '',
    "seq" BIGINT NOT NULL,
    "n_plus" BIGINT NOT NULL,
    "n_zero" BIGINT NOT NULL,
    "n_minus" BIGINT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "evidence_counter_pkey" PRIMARY KEY ("series_id","incarnation","source","step","gate","property","segment")
);

-- CreateTable
CREATE TABLE "evidence_loss" (
    "series_id" UUID NOT NULL,
    "incarnation" UUID NOT NULL,
    "source" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "admitted" BIGINT NOT NULL,
    "lost" BIGINT NOT NULL,

    CONSTRAINT "evidence_loss_pkey" PRIMARY KEY ("series_id","incarnation","source","step")
);

-- CreateTable
CREATE TABLE "evidence_breach" (
    "series_id" UUID NOT NULL,
    "incarnation" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "request_id" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "evidence_breach_pkey" PRIMARY KEY ("series_id","incarnation","kind")
);

-- CreateTable
CREATE TABLE "pair_example" (
    "series_id" UUID NOT NULL,
    "incarnation" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "pair_example_pkey" PRIMARY KEY ("series_id","incarnation","kind","request_id")
);

-- CreateTable
CREATE TABLE "verdict" (
    "rollout_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "outcome" TEXT NOT NULL,
    "analysis" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "verdict_pkey" PRIMARY KEY ("rollout_id","seq")
);

-- CreateTable
CREATE TABLE "approval" (
    "id" UUID NOT NULL,
    "rollout_id" UUID NOT NULL,
    "candidate_digest" TEXT NOT NULL,
    "baseline_digest" TEXT,
    "policy_hash" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "comment" TEXT,
    "evidence" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "consumed_at" TIMESTAMPTZ(3),

    CONSTRAINT "approval_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node" (
    "incarnation" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "rest_url" TEXT NOT NULL,
    "draining" BOOLEAN NOT NULL DEFAULT false,
    "ready" BOOLEAN NOT NULL DEFAULT false,
    "joined" BOOLEAN NOT NULL DEFAULT false,
    "lease_until" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "node_pkey" PRIMARY KEY ("incarnation")
);

-- CreateTable
CREATE TABLE "node_model" (
    "incarnation" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "observed_generation" BIGINT NOT NULL,

    CONSTRAINT "node_model_pkey" PRIMARY KEY ("incarnation","model")
);

-- CreateTable
CREATE TABLE "node_servable" (
    "incarnation" UUID NOT NULL,
    "model" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "digest" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "node_servable_pkey" PRIMARY KEY ("incarnation","model","number")
);

-- CreateTable
CREATE TABLE "audit" (
    "seq" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "model" TEXT,
    "number" BIGINT,
    "sentence" TEXT NOT NULL,
    "reason" TEXT,
    "details" JSONB NOT NULL,
    "previous_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_pkey" PRIMARY KEY ("seq")
);

-- CreateIndex
CREATE UNIQUE INDEX "repository_url_branch_key" ON "repository"("url", "branch");

-- CreateIndex
CREATE INDEX "model_version_model_digest_idx" ON "model_version"("model", "digest");

-- CreateIndex
CREATE INDEX "hold_model_idx" ON "hold"("model");

-- CreateIndex
CREATE INDEX "promotion_at_idx" ON "promotion"("at");

-- CreateIndex
CREATE INDEX "rollout_model_started_at_idx" ON "rollout"("model", "started_at");

-- CreateIndex
CREATE UNIQUE INDEX "evidence_series_model_candidate_digest_baseline_digest_poli_key" ON "evidence_series"("model", "candidate_digest", "baseline_digest", "policy_hash", "attempt");

-- CreateIndex
CREATE UNIQUE INDEX "approval_rollout_id_actor_key" ON "approval"("rollout_id", "actor");

-- CreateIndex
CREATE INDEX "node_name_idx" ON "node"("name");

-- CreateIndex
CREATE UNIQUE INDEX "audit_previous_hash_key" ON "audit"("previous_hash");

-- CreateIndex
CREATE INDEX "audit_model_seq_idx" ON "audit"("model", "seq");

-- AddForeignKey
ALTER TABLE "model" ADD CONSTRAINT "model_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repository"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sync_problem" ADD CONSTRAINT "sync_problem_model_fkey" FOREIGN KEY ("model") REFERENCES "model"("name") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_version" ADD CONSTRAINT "model_version_model_fkey" FOREIGN KEY ("model") REFERENCES "model"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "version_file" ADD CONSTRAINT "version_file_model_number_fkey" FOREIGN KEY ("model", "number") REFERENCES "model_version"("model", "number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "plan_version" ADD CONSTRAINT "plan_version_model_fkey" FOREIGN KEY ("model") REFERENCES "plan"("model") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "plan_label" ADD CONSTRAINT "plan_label_model_fkey" FOREIGN KEY ("model") REFERENCES "plan"("model") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "plan_label" ADD CONSTRAINT "plan_label_model_number_fkey" FOREIGN KEY ("model", "number") REFERENCES "plan_version"("model", "number") ON DELETE NO ACTION ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "evidence_counter" ADD CONSTRAINT "evidence_counter_series_id_fkey" FOREIGN KEY ("series_id") REFERENCES "evidence_series"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "evidence_loss" ADD CONSTRAINT "evidence_loss_series_id_fkey" FOREIGN KEY ("series_id") REFERENCES "evidence_series"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "evidence_breach" ADD CONSTRAINT "evidence_breach_series_id_fkey" FOREIGN KEY ("series_id") REFERENCES "evidence_series"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "pair_example" ADD CONSTRAINT "pair_example_series_id_fkey" FOREIGN KEY ("series_id") REFERENCES "evidence_series"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "verdict" ADD CONSTRAINT "verdict_rollout_id_fkey" FOREIGN KEY ("rollout_id") REFERENCES "rollout"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "approval" ADD CONSTRAINT "approval_rollout_id_fkey" FOREIGN KEY ("rollout_id") REFERENCES "rollout"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node_model" ADD CONSTRAINT "node_model_incarnation_fkey" FOREIGN KEY ("incarnation") REFERENCES "node"("incarnation") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node_servable" ADD CONSTRAINT "node_servable_incarnation_fkey" FOREIGN KEY ("incarnation") REFERENCES "node"("incarnation") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma cannot say.

-- At most one open rollout and one open hold per model.
CREATE UNIQUE INDEX "rollout_one_open_per_model" ON "rollout"("model") WHERE "state" IN ('progressing', 'paused');
CREATE UNIQUE INDEX "hold_one_open_per_model" ON "hold"("model") WHERE "closed_at" IS NULL;

-- States that the code knows, and no others.
ALTER TABLE "model_version" ADD CONSTRAINT "model_version_state" CHECK ("state" IN ('discovered', 'validating', 'validated', 'rejected', 'retired'));
ALTER TABLE "digest_standing" ADD CONSTRAINT "digest_standing_standing" CHECK ("standing" IN ('untried', 'failed', 'proven', 'withdrawn'));
ALTER TABLE "rollout" ADD CONSTRAINT "rollout_state" CHECK ("state" IN ('progressing', 'paused', 'succeeded', 'failed', 'aborted'));

-- The audit log is append-only.
CREATE FUNCTION "audit_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER "audit_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit" FOR EACH STATEMENT EXECUTE FUNCTION "audit_is_append_only"();

-- Counters of a closed series are frozen: a late flush changes nothing.
CREATE FUNCTION "closed_series_is_frozen"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM "evidence_series" WHERE "id" = NEW."series_id" AND "closed_at" IS NOT NULL) THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "evidence_counter_frozen" BEFORE INSERT OR UPDATE ON "evidence_counter" FOR EACH ROW EXECUTE FUNCTION "closed_series_is_frozen"();
CREATE TRIGGER "evidence_loss_frozen" BEFORE INSERT OR UPDATE ON "evidence_loss" FOR EACH ROW EXECUTE FUNCTION "closed_series_is_frozen"();
