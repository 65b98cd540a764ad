-- AlterTable
ALTER TABLE "pair_example" ADD COLUMN     "inputs" BYTEA,
ADD COLUMN     "source" TEXT NOT NULL DEFAULT 'live',
ADD COLUMN     "step" TEXT NOT NULL DEFAULT 'shadow';

-- CreateTable
CREATE TABLE "capture" (
    "model" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "captured_at" TIMESTAMPTZ(3) NOT NULL,
    "rows" INTEGER NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "body" BYTEA NOT NULL,

    CONSTRAINT "capture_pkey" PRIMARY KEY ("model","request_id")
);

-- CreateTable
CREATE TABLE "replayed_request" (
    "series_id" UUID NOT NULL,
    "request_id" TEXT NOT NULL,

    CONSTRAINT "replayed_request_pkey" PRIMARY KEY ("series_id","request_id")
);

-- CreateTable
CREATE TABLE "replay_claim" (
    "series_id" UUID NOT NULL,
    "incarnation" UUID NOT NULL,
    "lease_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "replay_claim_pkey" PRIMARY KEY ("series_id")
);

-- CreateTable
CREATE TABLE "kept_answer" (
    "model" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "digest" TEXT NOT NULL,
    "row" INTEGER NOT NULL,
    "series_id" UUID,
    "step" TEXT,
    "source" TEXT NOT NULL,
    "answer" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "kept_answer_pkey" PRIMARY KEY ("model","request_id","number")
);

-- CreateIndex
CREATE INDEX "capture_model_captured_at_size_bytes_idx" ON "capture"("model", "captured_at", "size_bytes");

-- CreateIndex
CREATE INDEX "kept_answer_at_idx" ON "kept_answer"("at");

-- AddForeignKey
ALTER TABLE "replayed_request" ADD CONSTRAINT "replayed_request_series_id_fkey" FOREIGN KEY ("series_id") REFERENCES "evidence_series"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "replay_claim" ADD CONSTRAINT "replay_claim_series_id_fkey" FOREIGN KEY ("series_id") REFERENCES "evidence_series"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma cannot say.

ALTER TABLE "capture" ADD CONSTRAINT "capture_sizes" CHECK ("rows" >= 1 AND "size_bytes" = octet_length("body"));
-- Encrypted: nothing can be compressed.
ALTER TABLE "capture" ALTER COLUMN "body" SET STORAGE EXTERNAL;
ALTER TABLE "pair_example" ALTER COLUMN "inputs" SET STORAGE EXTERNAL;

ALTER TABLE "kept_answer" ADD CONSTRAINT "kept_answer_source" CHECK ("source" IN ('live', 'replay'));
ALTER TABLE "kept_answer" ADD CONSTRAINT "kept_answer_series" CHECK (("series_id" IS NULL) = ("step" IS NULL));
