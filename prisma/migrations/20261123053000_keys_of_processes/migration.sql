-- Which master keys each live process holds: keys are rotated only when all of them hold the new one.
ALTER TABLE "processes" ADD COLUMN "key_ids" TEXT[];
