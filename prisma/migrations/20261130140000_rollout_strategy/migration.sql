-- AlterTable
ALTER TABLE "model" ADD COLUMN "requested_as" TEXT;

-- AlterTable
ALTER TABLE "model_version" ADD COLUMN "comparisons" JSONB,
ADD COLUMN "variant_of" BIGINT;

-- AlterTable
ALTER TABLE "hold" ADD COLUMN "expires_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "rollout" ADD COLUMN "promoted_now_at" TIMESTAMPTZ(3),
ADD COLUMN "promoted_now_by" TEXT,
ADD COLUMN "promoted_now_reason" TEXT,
ADD COLUMN "weight_index" INTEGER;

-- CreateTable
CREATE TABLE "evidence_minute" (
    "series_id" UUID NOT NULL,
    "incarnation" UUID NOT NULL,
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "requests" BIGINT NOT NULL,
    "sampled" BIGINT NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "evidence_minute_pkey" PRIMARY KEY ("series_id","incarnation","minute")
);

-- AddForeignKey
ALTER TABLE "evidence_minute" ADD CONSTRAINT "evidence_minute_series_id_fkey" FOREIGN KEY ("series_id") REFERENCES "evidence_series"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- An approval that ran out, or was given again, stays.
DROP INDEX "approval_rollout_id_actor_key";

-- CreateIndex
CREATE INDEX "approval_rollout_id_actor_idx" ON "approval"("rollout_id", "actor");

-- What Prisma cannot say.

ALTER TABLE "model" ADD CONSTRAINT "model_requested" CHECK ("requested_as" IN ('fresh', 'rehearsal'));
ALTER TABLE "rollout" ADD CONSTRAINT "rollout_promoted_now" CHECK (num_nulls("promoted_now_at", "promoted_now_by", "promoted_now_reason") IN (0, 3));
ALTER TABLE "rollout" ADD CONSTRAINT "rollout_weight" CHECK ("weight_index" >= 0);

CREATE TRIGGER "evidence_minute_frozen" BEFORE INSERT OR UPDATE ON "evidence_minute" FOR EACH ROW EXECUTE FUNCTION "closed_series_is_frozen"();

-- A deadline is computed from policy and facts; nothing ever wrote this column.
ALTER TABLE "rollout" DROP COLUMN "deadline_at";
