-- Texts that lists are searched and sorted by are ordered by code points, whatever the database's own collation is. The
-- existing indexes then serve sorting and "starts with", too; they are built again, the tables are not rewritten.
ALTER TABLE "users"
    ALTER COLUMN "user_name_key" TYPE TEXT COLLATE "C",
    ALTER COLUMN "former_name_key" TYPE TEXT COLLATE "C",
    ALTER COLUMN "display_name_key" TYPE TEXT COLLATE "C",
    ALTER COLUMN "external_id" TYPE TEXT COLLATE "C";

ALTER TABLE "groups"
    ALTER COLUMN "display_name_key" TYPE TEXT COLLATE "C",
    ALTER COLUMN "external_id" TYPE TEXT COLLATE "C";
