#include <iostream>

#include "host/apps/verbs.hpp"
#include "host/postgres/migrate.hpp"

namespace lantern::apps {

void add_migrate(Verbs& verbs) {
    verbs.add("migrate", "bring the database to the shape of this build", [](const Instance& at) {
        const auto applied = postgres::migrate(at.settings().postgres_url);
        for (const auto& name : applied) std::cout << "applied " << name << "\n";
        if (applied.empty()) std::cout << "nothing to do\n";
        return 0;
    });
}

}  // namespace lantern::apps
