-- Columns of each index of a table in their order, the key's too; of an owned table also the first of its key alone, as
-- index 0. $1 qualified name, $2 handler, $3 table
select i.indexrelid::bigint, k.n, a.attname::text
  from pg_index i
  cross join unnest(i.indkey) with ordinality k (attnum, n)
  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
 where i.indrelid = to_regclass($1) and i.indisvalid and i.indpred is null and i.indexprs is null
   and k.n <= i.indnkeyatts
union all
select 0, 1, t -> 'key' ->> 0
  from lantern.handlers h,
       json_array_elements(case json_typeof(h.declaration) when 'array' then h.declaration else '[]' end) t
 where h.handler = $2 and t ->> 'name' = $3 and t ->> 'ownership' = 'owned'
 order by 1, 2
