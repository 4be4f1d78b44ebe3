-- Drift of groups beside that of accounts, and links whose group is to be read anew.
ALTER TABLE "drifts" ADD COLUMN "group_id" UUID, ADD COLUMN "vendor_group_id" TEXT, ADD COLUMN "name" TEXT;
ALTER TABLE "group_links" ADD COLUMN "uncertain" BOOLEAN NOT NULL DEFAULT false;
