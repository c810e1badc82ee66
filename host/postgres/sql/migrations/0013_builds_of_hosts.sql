-- Which builds of plugins a host can open: those in its plugin directory, and those kept beside it that a job may fold with.
alter table lantern.hosts add column builds text[] not null default '{}';
