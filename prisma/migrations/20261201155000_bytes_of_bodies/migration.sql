-- Bytes of a body as it is read: a page of a list ends before they are too many. Where the server tells that a value is not
-- compressed its size is at hand; otherwise, and before PostgreSQL 14, the text is measured.
DO $$
BEGIN
  IF current_setting('server_version_num')::int >= 140000 THEN
    CREATE FUNCTION bytes_of(body jsonb) RETURNS int LANGUAGE sql STABLE AS
      'SELECT CASE WHEN pg_column_compression(body) IS NULL THEN pg_column_size(body) ELSE octet_length(body::text) END';
  ELSE
    CREATE FUNCTION bytes_of(body jsonb) RETURNS int LANGUAGE sql STABLE AS 'SELECT octet_length(body::text)';
  END IF;
END
$$;
