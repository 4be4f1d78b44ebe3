-- Directories that an operator is limited to, by name; NULL: all of them, and what concerns the whole gateway.
ALTER TABLE "operators" ADD COLUMN "directories" TEXT[];
