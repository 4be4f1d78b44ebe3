-- AlterTable
ALTER TABLE "connections" ADD COLUMN     "resolved_at" TIMESTAMPTZ(3),
ADD COLUMN     "resolved_profile" TEXT;

-- AlterTable
ALTER TABLE "entitlements" ADD COLUMN     "home" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "scope_name" TEXT;
