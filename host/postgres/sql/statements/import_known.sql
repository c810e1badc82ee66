-- import_known
-- Places (from 1) of the lines that are in the store.  $1 sources, $2 ids, $3 event ids or nulls
select l.ord from unnest($1::text[], $2::text[], $3::uuid[]) with ordinality l (source, id, event_id, ord)
 where exists (select from lantern.intake i where i.source = l.source and i.id = l.id)
    or (l.event_id is not null and exists (select from lantern.events e where e.id = l.event_id))
