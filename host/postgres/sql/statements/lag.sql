-- $1 handler, $2 how many events of the store to look at
select out_events,
       coalesce((extract(epoch from greatest(clock_timestamp() - out_oldest, interval '0')) * 1000)::bigint, 0),
       out_complete, out_retrying, out_dead
  from lantern.lag($1::text, $2::bigint)
