-- CreateTable
CREATE TABLE "outbox" (
    "id" UUID NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "dedup_key" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "model" TEXT,
    "body" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "planned_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox_delivery" (
    "outbox_id" UUID NOT NULL,
    "channel" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "planned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "next_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease_until" TIMESTAMPTZ(3),
    "delivered_at" TIMESTAMPTZ(3),
    "given_up_at" TIMESTAMPTZ(3),
    "refused" BOOLEAN NOT NULL DEFAULT false,
    "last_error" TEXT,

    CONSTRAINT "outbox_delivery_pkey" PRIMARY KEY ("outbox_id","channel")
);

-- CreateIndex
CREATE UNIQUE INDEX "outbox_seq_key" ON "outbox"("seq");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_dedup_key_key" ON "outbox"("dedup_key");

-- CreateIndex
CREATE INDEX "outbox_created_at_idx" ON "outbox"("created_at");

-- AddForeignKey
ALTER TABLE "outbox_delivery" ADD CONSTRAINT "outbox_delivery_outbox_id_fkey" FOREIGN KEY ("outbox_id") REFERENCES "outbox"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma cannot say.

ALTER TABLE "outbox_delivery" ADD CONSTRAINT "outbox_delivery_ends_once" CHECK ("delivered_at" IS NULL OR "given_up_at" IS NULL);
-- What is still to be done is little, whatever was done before.
CREATE INDEX "outbox_unplanned" ON "outbox" ("seq") WHERE "planned_at" IS NULL;
CREATE INDEX "outbox_delivery_open" ON "outbox_delivery" ("channel", "next_at") WHERE "delivered_at" IS NULL AND "given_up_at" IS NULL;
