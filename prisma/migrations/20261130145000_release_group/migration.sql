-- CreateTable
CREATE TABLE "release_group" (
    "name" TEXT NOT NULL,
    "repository_id" UUID NOT NULL,
    "models" TEXT[],

    CONSTRAINT "release_group_pkey" PRIMARY KEY ("name")
);

-- AddForeignKey
ALTER TABLE "release_group" ADD CONSTRAINT "release_group_repository_id_fkey" FOREIGN KEY ("repository_id") REFERENCES "repository"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma cannot say.

ALTER TABLE "release_group" ALTER COLUMN "models" SET NOT NULL;
ALTER TABLE "release_group" ADD CONSTRAINT "release_group_models" CHECK (cardinality("models") >= 2);
