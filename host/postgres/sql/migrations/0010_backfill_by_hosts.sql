-- Jobs that hosts work on, and rebuilds that hosts begin by themselves.

-- What the host runs: api, relay, worker, backfill.
alter table lantern.hosts add column roles text[] not null default '{}';

-- plugin_build: the build that folds, on every host ('': whatever is in the plugin directory).
-- slowed: why its processes work slower than they could ('': they don't).
alter table lantern.jobs
    add column plugin_build text not null default '',
    add column slowed       text not null default '';

-- These have other parameters now.
drop function if exists lantern.job_start(text, text, json, text, bigint);
drop function if exists lantern.swap_schemas(text, text, text, text, text, integer, json, text, boolean, bigint);
