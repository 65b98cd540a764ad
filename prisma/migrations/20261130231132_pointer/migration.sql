-- CreateTable
CREATE TABLE "pointer" (
    "model" TEXT NOT NULL,
    "repository_id" UUID NOT NULL,
    "file" TEXT NOT NULL,
    "live" BIGINT,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "changed_at" TIMESTAMPTZ(3) NOT NULL,
    "commit" TEXT NOT NULL,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "pointer_pkey" PRIMARY KEY ("model")
);

-- AddForeignKey
ALTER TABLE "pointer" ADD CONSTRAINT "pointer_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repository"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma cannot say.

ALTER TABLE "pointer" ADD CONSTRAINT "pointer_live" CHECK ("live" >= 1);
