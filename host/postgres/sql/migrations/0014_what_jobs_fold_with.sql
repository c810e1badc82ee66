-- folded_with: the routes and settings that its tables are folded by ('': nothing is folded yet). No process folds by others.
-- open_then: virtual transactions that were open when history had been loaded; they would find its tables empty.
alter table lantern.jobs
    add column folded_with text   not null default '',
    add column open_then   text[] not null default '{}';

-- This has another parameter now.
drop function if exists lantern.swap_schemas(text, text, text, text, text, text, integer, json, text, boolean, bigint);
