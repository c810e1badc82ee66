-- $1 host, $2 routing file
select file_hash, file_base from lantern.hosts where host = $1 and routing_file = $2
