-- Of each handler: partitions held, partitions whose history is fed.
select l.handler, count(l.worker_id), count(*) filter (where l.feed_cursor >= l.feed_target)
  from lantern.leases l join lantern.handlers h on h.handler = l.handler and l.partition < h.partitions
 group by l.handler
