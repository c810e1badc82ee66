#include "host/apps/command_verb.hpp"
#include "host/apps/verbs.hpp"

using namespace lantern::apps;

int main(int argc, char** argv) {
    CLI::App app{"Lantern: a plugin-driven projection worker platform for event-sourced systems", "lantern"};
    app.set_version_flag("--version", LANTERN_VERSION);
    app.require_subcommand(1);
    Verbs verbs(app);
    add_audit(verbs);
    add_backfill(verbs);
    add_dev(verbs);
    add_doctor(verbs);
    add_export(verbs);
    add_explain(verbs);
    add_host(verbs);
    add_import(verbs);
    add_jobs(verbs);
    add_migrate(verbs);
    add_openapi(verbs);
    add_parked(verbs);
    add_pause(verbs);
    add_status(verbs);
    add_store(verbs);
    add_api(verbs);
    add_intake(verbs);
    add_refused(verbs);
    add_relay(verbs);
    add_routes(verbs);
    add_worker(verbs);
    add_plugin(verbs);
    const bool built_in =
        argc > 1 && !app.get_subcommands([&](CLI::App* verb) { return verb->get_name() == argv[1]; }).empty();
    if (!built_in)
        if (const auto code = run_command_verb(argc, argv)) return *code;
    CLI11_PARSE(app, argc, argv);
    return verbs.run();
}
