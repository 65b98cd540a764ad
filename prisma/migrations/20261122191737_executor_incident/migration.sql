-- CreateTable
CREATE TABLE "executor_incident" (
    "incarnation" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "model" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "digest" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "confirmed_input" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "executor_incident_pkey" PRIMARY KEY ("incarnation","seq")
);

-- CreateIndex
CREATE INDEX "executor_incident_model_number_kind_at_idx" ON "executor_incident"("model", "number", "kind", "at");

-- What Prisma cannot say.

ALTER TABLE "executor_incident" ADD CONSTRAINT "executor_incident_kind" CHECK ("kind" IN ('crash', 'hang', 'memory', 'frame'));

-- An incident is a fact: it may be forgotten, never changed.
CREATE FUNCTION "incident_is_never_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an incident is never changed';
END $$;
CREATE TRIGGER "executor_incident_unchanged" BEFORE UPDATE ON "executor_incident" FOR EACH STATEMENT EXECUTE FUNCTION "incident_is_never_changed"();
