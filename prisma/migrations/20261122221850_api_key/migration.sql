-- CreateTable
CREATE TABLE "api_key" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hmac" TEXT NOT NULL,
    "all_models" BOOLEAN NOT NULL,
    "models" TEXT[],
    "verbs" TEXT[],
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_by" TEXT,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_key_pkey" PRIMARY KEY ("id")
);

-- What Prisma cannot say.

ALTER TABLE "api_key" ALTER COLUMN "models" SET NOT NULL, ALTER COLUMN "verbs" SET NOT NULL;
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_hmac" CHECK ("hmac" ~ '^[0-9a-f]{64}$');
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_models" CHECK ("all_models" = (cardinality("models") = 0));
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_revoked" CHECK (("revoked_at" IS NULL) = ("revoked_by" IS NULL));

-- What a key may do is fixed when it is made. It is revoked once, and for good.
CREATE FUNCTION "api_key_is_only_revoked"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD."revoked_at" IS NOT NULL
    OR (to_jsonb(NEW) - 'revoked_at' - 'revoked_by') <> (to_jsonb(OLD) - 'revoked_at' - 'revoked_by') THEN
    RAISE EXCEPTION 'an API key may only be revoked, once';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "api_key_only_revoked" BEFORE UPDATE ON "api_key" FOR EACH ROW EXECUTE FUNCTION "api_key_is_only_revoked"();
