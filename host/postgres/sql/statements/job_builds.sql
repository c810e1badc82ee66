-- Builds that a job folds with, or may fold with.
select plugin_build from lantern.handlers where plugin_build <> ''
union
select plugin_build from lantern.kept_schemas
union
select plugin_build from lantern.jobs where ended_at is null and plugin_build <> ''
