-- Why a vendor grants an entry of its catalogue to no account of a connection.
ALTER TABLE "entitlements" ADD COLUMN "refused" TEXT;
