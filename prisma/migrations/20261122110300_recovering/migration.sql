-- AlterTable
ALTER TABLE "connections" ADD COLUMN     "recovering_since" TIMESTAMPTZ(3);
