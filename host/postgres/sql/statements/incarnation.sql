-- Which store this is, and whether the server is still the one that it was made on, or adopted by.
select i.id, i.system_identifier = s.system_identifier and i.timeline = c.timeline_id,
       format('made on system %s, timeline %s; this server is system %s, timeline %s',
              i.system_identifier, i.timeline, s.system_identifier, c.timeline_id)
  from lantern.incarnation i, pg_control_system() s, pg_control_checkpoint() c
