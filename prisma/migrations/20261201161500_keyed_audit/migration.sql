-- Events sealed from now on carry a digest of their payload apart from the one of header and payload, and a MAC.
ALTER TABLE "events" ADD COLUMN "payload_digest" TEXT, ADD COLUMN "mac" TEXT;
