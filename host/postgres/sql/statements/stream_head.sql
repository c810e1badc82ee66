-- $1 aggregate type, $2 aggregate id
select revision from lantern.streams where aggregate_type = $1 and aggregate_id = $2
