-- backfill_names
-- Streams of a slot, a page.  $1 after, $2 until, $3 limit
select stream_id, aggregate_type, aggregate_id, revision from lantern.streams
 where stream_id > $1::bigint and stream_id <= $2::bigint order by stream_id limit $3::bigint
