-- $1 aggregate type, $2 aggregate id
select stream_id from lantern.streams where aggregate_type = $1 and aggregate_id = $2
