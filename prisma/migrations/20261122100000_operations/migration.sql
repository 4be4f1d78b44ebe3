-- AlterTable
ALTER TABLE "accounts" ADD COLUMN     "accepted_risk" JSONB,
ADD COLUMN     "settled_at" TIMESTAMPTZ(3),
ADD COLUMN     "shut_out_asked_at" TIMESTAMPTZ(3),
ADD COLUMN     "shut_out_request_id" TEXT,
ADD COLUMN     "uncertain" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "unmanaged" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "connections" ADD COLUMN     "admitted_at" TIMESTAMPTZ(3),
ADD COLUMN     "credentials" BYTEA,
ADD COLUMN     "credentials_key" TEXT,
ADD COLUMN     "credentials_revision" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "detached_at" TIMESTAMPTZ(3),
ADD COLUMN     "source" TEXT NOT NULL DEFAULT 'file';

-- AlterTable
ALTER TABLE "events" ADD COLUMN     "digest" TEXT,
ADD COLUMN     "hash" TEXT,
ADD COLUMN     "position" BIGINT;

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "hold" JSONB,
ADD COLUMN     "unclaimed" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "plans" (
    "id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "batch" TEXT,
    "hash" TEXT NOT NULL,
    "operations" JSONB NOT NULL,
    "words" JSONB NOT NULL,
    "state" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decided_at" TIMESTAMPTZ(3),
    "decided_by" TEXT,

    CONSTRAINT "plans_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "guard_entries" (
    "connection_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "wanted_version" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "guard_entries_pkey" PRIMARY KEY ("connection_id","kind","account_id","wanted_version")
);

-- CreateTable
CREATE TABLE "sweeps" (
    "id" UUID NOT NULL,
    "directory_id" UUID NOT NULL,
    "connection_id" UUID,
    "kind" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "position" UUID,
    "state" TEXT NOT NULL DEFAULT 'marking',
    "counts" JSONB NOT NULL DEFAULT '{}',
    "lease_owner" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "sweeps_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "group_links" (
    "id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "group_id" UUID NOT NULL,
    "wanted_name" TEXT,
    "vendor_tenant" TEXT,
    "vendor_group_id" TEXT,
    "held_name" TEXT,
    "made_here" BOOLEAN NOT NULL DEFAULT false,
    "wanted_version" INTEGER NOT NULL DEFAULT 1,
    "proven_version" INTEGER NOT NULL DEFAULT 0,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "failure" JSONB,
    "open_operation" JSONB,
    "due_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lease_owner" TEXT,
    "lease_epoch" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "group_links_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "processes" (
    "id" TEXT NOT NULL,
    "release" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "processes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "pace_budgets" (
    "key" TEXT NOT NULL,
    "tokens" DOUBLE PRECISION NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "pace_budgets_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "surveys" (
    "id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'running',
    "progress" JSONB NOT NULL DEFAULT '{}',
    "counts" JSONB NOT NULL DEFAULT '{}',
    "failure" JSONB,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "surveys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "vendor_accounts" (
    "connection_id" UUID NOT NULL,
    "vendor_account_id" TEXT NOT NULL,
    "login_key" TEXT NOT NULL,
    "summary" JSONB NOT NULL,
    "survey_id" UUID NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decision" JSONB,

    CONSTRAINT "vendor_accounts_pkey" PRIMARY KEY ("connection_id","vendor_account_id")
);

-- CreateTable
CREATE TABLE "drifts" (
    "id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "survey_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "account_id" UUID,
    "vendor_account_id" TEXT,
    "login" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "found_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "drifts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notices" (
    "id" UUID NOT NULL,
    "directory_id" UUID,
    "connection_id" UUID,
    "kind" TEXT NOT NULL,
    "open_key" TEXT,
    "text" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "count" INTEGER NOT NULL DEFAULT 1,
    "first_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "delivered" JSONB NOT NULL DEFAULT '{}',
    "resolved_at" TIMESTAMPTZ(3),

    CONSTRAINT "notices_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operators" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "operators_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "applied_files" (
    "hash" TEXT NOT NULL,
    "applied_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "applied_files_pkey" PRIMARY KEY ("hash")
);

-- CreateIndex
CREATE INDEX "plans_connection_id_state_created_at_idx" ON "plans"("connection_id", "state", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "plans_account_id_key" ON "plans"("account_id");

-- CreateIndex
CREATE INDEX "guard_entries_connection_id_kind_at_idx" ON "guard_entries"("connection_id", "kind", "at");

-- CreateIndex
CREATE INDEX "sweeps_state_created_at_idx" ON "sweeps"("state", "created_at");

-- CreateIndex
CREATE INDEX "group_links_due_at_idx" ON "group_links"("due_at");

-- CreateIndex
CREATE UNIQUE INDEX "group_links_connection_id_group_id_key" ON "group_links"("connection_id", "group_id");

-- CreateIndex
CREATE UNIQUE INDEX "group_links_vendor_tenant_vendor_group_id_key" ON "group_links"("vendor_tenant", "vendor_group_id");

-- CreateIndex
CREATE INDEX "surveys_connection_id_kind_started_at_idx" ON "surveys"("connection_id", "kind", "started_at");

-- CreateIndex
CREATE INDEX "vendor_accounts_connection_id_login_key_idx" ON "vendor_accounts"("connection_id", "login_key");

-- CreateIndex
CREATE INDEX "drifts_connection_id_survey_id_kind_idx" ON "drifts"("connection_id", "survey_id", "kind");

-- CreateIndex
CREATE UNIQUE INDEX "notices_open_key_key" ON "notices"("open_key");

-- CreateIndex
CREATE INDEX "notices_last_at_idx" ON "notices"("last_at");

-- CreateIndex
CREATE UNIQUE INDEX "operators_name_key" ON "operators"("name");

-- CreateIndex
CREATE UNIQUE INDEX "operators_hash_key" ON "operators"("hash");

-- CreateIndex
CREATE UNIQUE INDEX "events_directory_id_position_key" ON "events"("directory_id", "position");

-- AddForeignKey
ALTER TABLE "plans" ADD CONSTRAINT "plans_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connections"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "plans" ADD CONSTRAINT "plans_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "guard_entries" ADD CONSTRAINT "guard_entries_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connections"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "group_links" ADD CONSTRAINT "group_links_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connections"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "surveys" ADD CONSTRAINT "surveys_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connections"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "vendor_accounts" ADD CONSTRAINT "vendor_accounts_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connections"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "drifts" ADD CONSTRAINT "drifts_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connections"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notices" ADD CONSTRAINT "notices_directory_id_fkey" FOREIGN KEY ("directory_id") REFERENCES "directories"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notices" ADD CONSTRAINT "notices_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connections"("id") ON DELETE CASCADE ON UPDATE CASCADE;

