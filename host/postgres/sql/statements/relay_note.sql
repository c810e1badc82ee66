-- $1 reader, $2 leader, $3 note
update lantern.marks set note = $3, note_since = clock_timestamp()
 where reader = $1 and leader = $2::uuid and note <> $3
