// Table users: every user as it is now. Times are the events' times, so a rebuild gives the same rows.
#include <lantern/plugin.hpp>

namespace {

using lantern::Type;

constexpr auto kUsers = lantern::Table::owned("users")
                            .key("id", Type::text)
                            .column("username", Type::text)
                            .column("email", Type::text)
                            .column("first_name", Type::text)
                            .column("last_name", Type::text)
                            .column("role", Type::text)
                            .column("status", Type::text)
                            .column("created_at", Type::time)
                            .column("updated_at", Type::time)
                            .column("deleted_at", Type::time)
                            .column("revision", Type::integer)
                            .index({"username"})
                            .index({"email"})
                            .index({"created_at"})
                            .index({"status", "created_at"})
                            .index({"status", "username"})
                            .index({"role", "created_at"})
                            .index({"role", "username"});

class UserReadModel : public lantern::Projection {
public:
    static lantern::Description describe() {
        return lantern::Description("user_read_model", "1.0.0")
            .on("USER_CREATED", 2)
            .on("USER_UPDATED")
            .on("USERNAME_CHANGED")
            .on("PASSWORD_CHANGED")
            .on("PASSWORD_RESET_COMPLETED")
            .on("USER_STATUS_CHANGED")
            .on("USER_DELETED")
            .schema_version(1)
            .table(kUsers);
    }

    void handle(const lantern::Event& event, lantern::Changes& changes) {
        if (event.type() == "USER_CREATED") {
            created(event, changes);
        } else if (event.type() == "USER_UPDATED") {
            updated(event, changes);
        } else if (event.type() == "USERNAME_CHANGED") {
            patch(event, changes, {{kUsers["username"], event.text("new_username")}});
        } else if (event.type() == "USER_STATUS_CHANGED") {
            patch(event, changes, {{kUsers["status"], event.text("status")}});
        } else if (event.type() == "USER_DELETED") {
            patch(event, changes, {{kUsers["status"], "deleted"}, {kUsers["deleted_at"], event.recorded_at()}});
        } else {
            patch(event, changes, {});
        }
    }

private:
    static void created(const lantern::Event& event, lantern::Changes& changes) {
        changes.upsert(kUsers, event.aggregate_id(),
                       {{kUsers["username"], event.text("username")},
                        {kUsers["email"], event.text("email")},
                        {kUsers["first_name"], event.find_text("first_name")},
                        {kUsers["last_name"], event.find_text("last_name")},
                        {kUsers["role"], event.find_text("role").value_or("user")},
                        {kUsers["status"], "active"},
                        {kUsers["created_at"], event.recorded_at()},
                        {kUsers["updated_at"], event.recorded_at()},
                        {kUsers["revision"], event.revision()}});
    }

    // Only what changed is in the event.
    static void updated(const lantern::Event& event, lantern::Changes& changes) {
        std::vector<lantern::Cell> cells;
        cells.reserve(5);
        for (const lantern::Column& column : {kUsers["first_name"], kUsers["last_name"], kUsers["email"]})
            if (auto value = event.find_text(column.name)) cells.emplace_back(column, *value);
        cells.emplace_back(kUsers["updated_at"], event.recorded_at());
        cells.emplace_back(kUsers["revision"], event.revision());
        changes.patch(kUsers, event.aggregate_id(), cells);
    }

    // What changed, and with it the time and revision of the last change.
    static void patch(const lantern::Event& event, lantern::Changes& changes, lantern::Changes::Cells changed) {
        std::vector<lantern::Cell> cells(changed);
        cells.emplace_back(kUsers["updated_at"], event.recorded_at());
        cells.emplace_back(kUsers["revision"], event.revision());
        changes.patch(kUsers, event.aggregate_id(), cells);
    }
};

}  // namespace

LANTERN_PLUGIN(UserReadModel)
