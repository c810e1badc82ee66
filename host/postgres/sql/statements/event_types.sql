-- Every type in the store, with its events and the routes that are open for it.
select e.type, e.events, coalesce(array_to_string(array(
           select r.handler from lantern.routes r
            where r.event_type = e.type and r.end_position is null order by r.handler), ' '), '')
  from (select type, count(*) as events from lantern.events group by type) e
 order by e.type
