-- AlterTable
ALTER TABLE "connections" ADD COLUMN "reply_deviations" JSONB NOT NULL DEFAULT '{}';
