-- Commands that api processes died of too often. $1 how often
select subject, build, command, max(cause) from lantern.crashes
 where role = 'api' and not forgiven
 group by subject, build, command having count(*) >= $1::bigint
