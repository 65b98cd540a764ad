-- CreateTable
CREATE TABLE "override" (
    "id" UUID NOT NULL,
    "node" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "generation" BIGINT NOT NULL,
    "from_number" BIGINT NOT NULL,
    "to_number" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "signature" TEXT NOT NULL,
    "issued_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL,
    "reported_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "merged_at" TIMESTAMPTZ(3),
    "outcome" TEXT,

    CONSTRAINT "override_pkey" PRIMARY KEY ("id","node")
);

-- CreateIndex
CREATE INDEX "override_model_generation_idx" ON "override"("model", "generation");

-- What Prisma cannot say.

ALTER TABLE "override" ADD CONSTRAINT "override_merged" CHECK (("merged_at" IS NULL) = ("outcome" IS NULL));
CREATE INDEX "override_unmerged" ON "override" ("accepted_at") WHERE "merged_at" IS NULL;
