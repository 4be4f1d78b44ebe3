-- CreateTable
CREATE TABLE "store_meta" (
    "key" TEXT NOT NULL,
    "value" TEXT NOT NULL,

    CONSTRAINT "store_meta_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "directories" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "domains" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "directories_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "tokens" (
    "id" UUID NOT NULL,
    "directory_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "directory_id" UUID NOT NULL,
    "user_name" TEXT NOT NULL,
    "user_name_key" TEXT,
    "former_name_key" TEXT,
    "external_id" TEXT,
    "display_name_key" TEXT,
    "email_keys" TEXT[],
    "body" JSONB NOT NULL,
    "active_wanted" BOOLEAN NOT NULL,
    "active_shown" BOOLEAN NOT NULL,
    "delete_requested_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),
    "acknowledged_at" TIMESTAMPTZ(3),
    "create_running_until" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_modified" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "groups" (
    "id" UUID NOT NULL,
    "directory_id" UUID NOT NULL,
    "display_name" TEXT NOT NULL,
    "display_name_key" TEXT NOT NULL,
    "external_id" TEXT,
    "body" JSONB NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_modified" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "groups_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "members" (
    "group_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "members_pkey" PRIMARY KEY ("group_id","user_id")
);

-- CreateTable
CREATE TABLE "connections" (
    "id" UUID NOT NULL,
    "directory_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "vendor" TEXT NOT NULL,
    "api_profile" TEXT NOT NULL,
    "tenant_id" TEXT,
    "settings" JSONB NOT NULL,
    "policy" JSONB NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "status" TEXT NOT NULL DEFAULT 'new',
    "parked_reason" JSONB,
    "parked_at" TIMESTAMPTZ(3),
    "pauses" JSONB NOT NULL DEFAULT '{}',
    "paused_until" TIMESTAMPTZ(3),
    "catalogue_fetched_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "connections_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "accounts" (
    "id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "vendor_tenant" TEXT,
    "vendor_account_id" TEXT,
    "held" JSONB,
    "snapshot" JSONB,
    "verification" JSONB,
    "deviations" JSONB NOT NULL DEFAULT '[]',
    "failure" JSONB,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "wanted_version" INTEGER NOT NULL DEFAULT 1,
    "proven_version" INTEGER NOT NULL DEFAULT 0,
    "proven_at" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "priority" SMALLINT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lease_owner" TEXT,
    "lease_epoch" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),
    "predecessor_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operations" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "connection_id" UUID NOT NULL,
    "op" TEXT NOT NULL,
    "operation" JSONB NOT NULL,
    "before" JSONB,
    "after" JSONB,
    "outcome" TEXT,
    "failure" JSONB,
    "vendor_request_id" TEXT,
    "duration_ms" INTEGER,
    "opened_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "closed_at" TIMESTAMPTZ(3),

    CONSTRAINT "operations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "entitlements" (
    "connection_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "scope_level" TEXT NOT NULL DEFAULT '',
    "scope_id" TEXT NOT NULL DEFAULT '',
    "name" TEXT NOT NULL,
    "privileged" BOOLEAN NOT NULL DEFAULT false,
    "position" INTEGER NOT NULL,
    "fetched_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "entitlements_pkey" PRIMARY KEY ("connection_id","kind","id","scope_level","scope_id")
);

-- CreateTable
CREATE TABLE "events" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "transaction_id" BIGINT NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint,
    "directory_id" UUID,
    "actor" TEXT NOT NULL,
    "request_id" TEXT,
    "action" TEXT NOT NULL,
    "resource_type" TEXT NOT NULL,
    "resource_id" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "directories_name_key" ON "directories"("name");

-- CreateIndex
CREATE UNIQUE INDEX "tokens_hash_key" ON "tokens"("hash");

-- CreateIndex
CREATE INDEX "tokens_directory_id_idx" ON "tokens"("directory_id");

-- CreateIndex
CREATE INDEX "users_directory_id_former_name_key_idx" ON "users"("directory_id", "former_name_key");

-- CreateIndex
CREATE INDEX "users_directory_id_external_id_idx" ON "users"("directory_id", "external_id");

-- CreateIndex
CREATE INDEX "users_directory_id_display_name_key_idx" ON "users"("directory_id", "display_name_key");

-- CreateIndex
CREATE INDEX "users_directory_id_deleted_at_created_at_id_idx" ON "users"("directory_id", "deleted_at", "created_at", "id");

-- CreateIndex
CREATE INDEX "users_directory_id_last_modified_idx" ON "users"("directory_id", "last_modified");

-- CreateIndex
CREATE INDEX "users_email_keys_idx" ON "users" USING GIN ("email_keys");

-- CreateIndex
CREATE UNIQUE INDEX "users_directory_id_user_name_key_key" ON "users"("directory_id", "user_name_key");

-- CreateIndex
CREATE INDEX "groups_directory_id_display_name_key_idx" ON "groups"("directory_id", "display_name_key");

-- CreateIndex
CREATE INDEX "groups_directory_id_external_id_idx" ON "groups"("directory_id", "external_id");

-- CreateIndex
CREATE INDEX "groups_directory_id_created_at_id_idx" ON "groups"("directory_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "groups_directory_id_last_modified_idx" ON "groups"("directory_id", "last_modified");

-- CreateIndex
CREATE INDEX "members_user_id_idx" ON "members"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "connections_directory_id_name_key" ON "connections"("directory_id", "name");

-- CreateIndex
CREATE INDEX "accounts_connection_id_priority_due_at_idx" ON "accounts"("connection_id", "priority", "due_at");

-- CreateIndex
CREATE UNIQUE INDEX "accounts_user_id_connection_id_key" ON "accounts"("user_id", "connection_id");

-- CreateIndex
CREATE UNIQUE INDEX "accounts_vendor_tenant_vendor_account_id_key" ON "accounts"("vendor_tenant", "vendor_account_id");

-- CreateIndex
CREATE INDEX "operations_account_id_closed_at_idx" ON "operations"("account_id", "closed_at");

-- CreateIndex
CREATE INDEX "events_directory_id_resource_id_idx" ON "events"("directory_id", "resource_id");

-- AddForeignKey
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_directory_id_fkey" FOREIGN KEY ("directory_id") REFERENCES "directories"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "users" ADD CONSTRAINT "users_directory_id_fkey" FOREIGN KEY ("directory_id") REFERENCES "directories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "groups" ADD CONSTRAINT "groups_directory_id_fkey" FOREIGN KEY ("directory_id") REFERENCES "directories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "members" ADD CONSTRAINT "members_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "groups"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "members" ADD CONSTRAINT "members_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "connections" ADD CONSTRAINT "connections_directory_id_fkey" FOREIGN KEY ("directory_id") REFERENCES "directories"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connections"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "entitlements" ADD CONSTRAINT "entitlements_connection_id_fkey" FOREIGN KEY ("connection_id") REFERENCES "connections"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- The oldest release that may run on this store; a later migration raises it when older releases must stop.
INSERT INTO "store_meta" ("key", "value") VALUES ('minimum_release', '0.1.0');
