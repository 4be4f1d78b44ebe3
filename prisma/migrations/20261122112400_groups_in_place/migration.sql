-- A Group's version and time move with each of its members. PostgreSQL (from 16) rewrites such a row in its place, without
-- touching any index, as long as no index but a BRIN one holds what moved and the page has room.
ALTER TABLE "groups" SET (fillfactor = 70);

-- DropIndex
DROP INDEX "groups_directory_id_last_modified_idx";

-- CreateIndex
CREATE INDEX "groups_last_modified_idx" ON "groups" USING BRIN ("last_modified") WITH (pages_per_range = 8, autosummarize = on);
