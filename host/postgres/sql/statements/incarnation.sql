-- Which store this is, and whether the server and the database are still those that it was made in, or adopted by.
select i.id,
       i.system_identifier = s.system_identifier and i.timeline = c.timeline_id and i.database_oid = d.oid,
       format('it belongs to system %s, timeline %s, database %s; this is system %s, timeline %s, database %s',
              i.system_identifier, i.timeline, i.database_oid, s.system_identifier, c.timeline_id, d.oid)
  from lantern.incarnation i, pg_control_system() s, pg_control_checkpoint() c, pg_database d
 where d.datname = current_database()
