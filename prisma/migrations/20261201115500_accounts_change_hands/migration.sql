-- AlterTable
ALTER TABLE "accounts" ADD COLUMN "waits_for" TEXT;

-- CreateIndex
CREATE INDEX "accounts_waits_for_idx" ON "accounts"("waits_for");
