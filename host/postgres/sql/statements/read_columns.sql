-- Columns of a table in declared order, with type, whether they are of the key, and the table's oid. $1 qualified name
select a.attname, format_type(a.atttypid, a.atttypmod), coalesce(a.attnum = any (i.indkey), false), a.attrelid::bigint
  from pg_attribute a
  left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
 where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped and a.attname not like 'lantern\_%'
 order by a.attnum
