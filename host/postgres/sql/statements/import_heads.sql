-- import_heads
-- $1 aggregate types, $2 aggregate ids
select n.ord, s.revision
  from unnest($1::text[], $2::text[]) with ordinality n (aggregate_type, aggregate_id, ord)
  join lantern.streams s on s.aggregate_type = n.aggregate_type and s.aggregate_id = n.aggregate_id
