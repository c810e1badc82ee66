-- Handlers that the sweep looks after: those whose queues are read or that are fed, and that want something.
select h.handler, h.verified_floor, h.verified, h.verified_target_floor, h.verified_target, h.verified_target_ceiling,
       h.verified_cursor
  from lantern.handlers h
 where h.state in ('attached', 'detached')
   and exists (select from lantern.routes r where r.handler = h.handler and r.begin_position is not null)
 order by h.handler
