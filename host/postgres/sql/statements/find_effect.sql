-- Of delivery. $1 handler, $2 event
select stream_id, revision, key, state, epoch, attempt, note
  from lantern.effects where handler = $1 and event_id = $2::uuid and run = 0
