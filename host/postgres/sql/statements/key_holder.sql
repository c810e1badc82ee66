-- $1 aggregate type, $2 scope, $3 key
select s.aggregate_id
  from lantern.unique_keys u join lantern.streams s using (stream_id)
 where u.scope = $2 and u.key = $3 and s.aggregate_type = $1
