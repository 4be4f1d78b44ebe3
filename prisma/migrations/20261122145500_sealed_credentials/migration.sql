-- What an operator wrote of a connection that is made through the operator API, whether the vendor was asked since it last
-- changed, and when credentials end.
ALTER TABLE "connections" ADD COLUMN "written" JSONB,
ADD COLUMN "checked_at" TIMESTAMPTZ(3),
ADD COLUMN "credentials_end_at" TIMESTAMPTZ(3);
