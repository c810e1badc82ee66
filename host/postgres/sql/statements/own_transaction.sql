-- A transaction that owns a transaction id; writes no row.
select pg_current_xact_id()
