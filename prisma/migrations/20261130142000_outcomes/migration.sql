-- CreateTable
CREATE TABLE "outcome" (
    "model" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "row" INTEGER NOT NULL,
    "label" TEXT,
    "value" DOUBLE PRECISION,
    "reported_by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "look_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
    "looks" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "outcome_pkey" PRIMARY KEY ("model","request_id","row")
);

-- CreateTable
CREATE TABLE "outcome_contradiction" (
    "model" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "row" INTEGER NOT NULL,
    "said" TEXT NOT NULL,
    "reported_by" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outcome_contradiction_pkey" PRIMARY KEY ("model","request_id","row","said")
);

-- CreateTable
CREATE TABLE "outcome_score" (
    "model" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "number" BIGINT NOT NULL,
    "digest" TEXT NOT NULL,
    "measure" TEXT NOT NULL,
    "loss" DOUBLE PRECISION NOT NULL,
    "bin" INTEGER NOT NULL,
    "series_id" UUID,
    "step" TEXT,
    "source" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "outcome_score_pkey" PRIMARY KEY ("model","request_id","number")
);

-- CreateTable
CREATE TABLE "outcome_pair" (
    "series_id" UUID NOT NULL,
    "request_id" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "measure" TEXT NOT NULL,
    "bin" INTEGER NOT NULL,
    "difference" DOUBLE PRECISION NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outcome_pair_pkey" PRIMARY KEY ("series_id","request_id")
);

-- CreateTable
CREATE TABLE "outcome_bin" (
    "series_id" UUID NOT NULL,
    "measure" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "step" TEXT NOT NULL,
    "bin" INTEGER NOT NULL,
    "count" BIGINT NOT NULL,

    CONSTRAINT "outcome_bin_pkey" PRIMARY KEY ("series_id","measure","source","step","bin")
);

-- CreateIndex
CREATE INDEX "outcome_at_idx" ON "outcome"("at");

-- CreateIndex
CREATE INDEX "outcome_contradiction_at_idx" ON "outcome_contradiction"("at");

-- CreateIndex
CREATE INDEX "outcome_score_model_measure_digest_at_idx" ON "outcome_score"("model", "measure", "digest", "at");

-- CreateIndex
CREATE INDEX "outcome_score_at_idx" ON "outcome_score"("at");

-- AddForeignKey
ALTER TABLE "outcome_pair" ADD CONSTRAINT "outcome_pair_series_id_fkey" FOREIGN KEY ("series_id") REFERENCES "evidence_series"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outcome_bin" ADD CONSTRAINT "outcome_bin_series_id_fkey" FOREIGN KEY ("series_id") REFERENCES "evidence_series"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma cannot say.

ALTER TABLE "outcome" ADD CONSTRAINT "outcome_truth" CHECK (num_nonnulls("label", "value") = 1);
ALTER TABLE "outcome" ADD CONSTRAINT "outcome_row" CHECK ("row" >= 0);
ALTER TABLE "outcome_score" ADD CONSTRAINT "outcome_score_loss" CHECK ("loss" BETWEEN 0 AND 1 AND "bin" BETWEEN 100 AND 200);
ALTER TABLE "outcome_score" ADD CONSTRAINT "outcome_score_source" CHECK ("source" IN ('live', 'replay'));
ALTER TABLE "outcome_score" ADD CONSTRAINT "outcome_score_series" CHECK (("series_id" IS NULL) = ("step" IS NULL));
ALTER TABLE "outcome_pair" ADD CONSTRAINT "outcome_pair_difference" CHECK ("difference" BETWEEN -1 AND 1 AND "bin" BETWEEN 0 AND 200);
ALTER TABLE "outcome_pair" ADD CONSTRAINT "outcome_pair_source" CHECK ("source" IN ('live', 'replay'));

-- Those whose answer is looked for: few beside all that there are.
CREATE INDEX "outcome_due" ON "outcome"("model", "look_at") WHERE "look_at" IS NOT NULL;
-- What was kept for one series.
CREATE INDEX "kept_answer_of_series" ON "kept_answer"("series_id") WHERE "series_id" IS NOT NULL;

-- The first report counts: of an outcome nothing changes but when its answer is looked for.
CREATE FUNCTION "outcome_is_never_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW."model", NEW."request_id", NEW."row", NEW."label", NEW."value", NEW."reported_by", NEW."at")
    IS DISTINCT FROM (OLD."model", OLD."request_id", OLD."row", OLD."label", OLD."value", OLD."reported_by", OLD."at") THEN
    RAISE EXCEPTION 'an outcome is never changed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER "outcome_unchanged" BEFORE UPDATE ON "outcome" FOR EACH ROW EXECUTE FUNCTION "outcome_is_never_changed"();

-- Neither are the sums that a verdict was made of.
CREATE FUNCTION "score_is_never_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a score is never changed';
END $$;
CREATE TRIGGER "outcome_score_unchanged" BEFORE UPDATE ON "outcome_score" FOR EACH STATEMENT EXECUTE FUNCTION "score_is_never_changed"();
CREATE TRIGGER "outcome_pair_unchanged" BEFORE UPDATE ON "outcome_pair" FOR EACH STATEMENT EXECUTE FUNCTION "score_is_never_changed"();
CREATE TRIGGER "outcome_pair_frozen" BEFORE INSERT ON "outcome_pair" FOR EACH ROW EXECUTE FUNCTION "closed_series_is_frozen"();

-- Bins are sums of pairs. In one order, so that two transactions never wait in a circle.
CREATE FUNCTION "outcome_pairs_are_counted"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "outcome_bin" ("series_id", "measure", "source", "step", "bin", "count")
  SELECT "series_id", "measure", "source", "step", "bin", count(*) FROM "pairs" GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
  ON CONFLICT ("series_id", "measure", "source", "step", "bin") DO UPDATE SET "count" = "outcome_bin"."count" + EXCLUDED."count";
  RETURN NULL;
END $$;
CREATE TRIGGER "outcome_pair_counted" AFTER INSERT ON "outcome_pair" REFERENCING NEW TABLE AS "pairs"
  FOR EACH STATEMENT EXECUTE FUNCTION "outcome_pairs_are_counted"();

-- An answer that is kept after its outcome was reported wakes that outcome.
CREATE FUNCTION "kept_answers_wake_outcomes"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "outcome" o SET "look_at" = clock_timestamp(), "looks" = 0
  FROM "kept" k WHERE o."model" = k."model" AND o."request_id" = k."request_id" AND o."row" = k."row";
  RETURN NULL;
END $$;
CREATE TRIGGER "kept_answer_wakes_outcome" AFTER INSERT ON "kept_answer" REFERENCING NEW TABLE AS "kept"
  FOR EACH STATEMENT EXECUTE FUNCTION "kept_answers_wake_outcomes"();
CREATE TRIGGER "kept_answer_changed_wakes_outcome" AFTER UPDATE ON "kept_answer" REFERENCING NEW TABLE AS "kept"
  FOR EACH STATEMENT EXECUTE FUNCTION "kept_answers_wake_outcomes"();
