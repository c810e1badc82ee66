-- Columns of a table in declared order, with type and whether they are of the key. $1 qualified name
select a.attname, format_type(a.atttypid, a.atttypmod), coalesce(a.attnum = any (i.indkey), false)
  from pg_attribute a
  left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
 where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped and a.attname not like 'lantern\_%'
 order by a.attnum
