// An audit log of users; tables.hpp tells what its rows hold.
#include <lantern/plugin.hpp>

#include "chain.hpp"
#include "chain_check.hpp"
#include "tables.hpp"

namespace {

namespace json = lantern::json;
using audit::kHeads;
using audit::kLog;
using lantern::Event;

// Fields that may be shown; all else of an event stays out.
constexpr std::string_view kFields[] = {"username", "email", "first_name", "last_name", "role", "status"};

// The fields' new values as the event names them.
json::object news_of(const Event& event) {
    json::object news;
    if (event.type() == "USERNAME_CHANGED") {
        news["username"] = lantern::to_json(event.text("new_username"));
        return news;
    }
    for (std::string_view field : kFields)
        if (auto value = event.find_text(field)) news[lantern::to_json(field)] = lantern::to_json(*value);
    if (event.type() == "USER_CREATED") news["status"] = "active";
    return news;
}

// A deleted user holds nothing: every field it had goes to null, so that the row tells what it was.
json::object news_of_deletion(const json::object& fields) {
    json::object news;
    for (const auto& [field, value] : fields) news[field] = nullptr;
    news["status"] = "deleted";
    return news;
}

// Moves `fields` to the new values; returns field -> {old, new} of those that differ.
json::object change(json::object& fields, const json::object& news) {
    json::object changes;
    for (const auto& [field, value] : news) {
        const json::value* had = fields.if_contains(field);
        const json::value old = had ? *had : json::value(nullptr);
        if (old == value) continue;
        changes[field] = {{"old", old}, {"new", value}};
        fields[field] = value;
    }
    return changes;
}

class AuditLog : public lantern::Projection {
public:
    explicit AuditLog(const lantern::Setup& setup)
        : key_(lantern::find_text(setup.settings(), "hmac_key").value_or("")) {}

    static lantern::Description describe() {
        return lantern::Description("audit_log", "1.0.0")
            .on("USER_CREATED", 2)
            .on("USER_UPDATED")
            .on("USERNAME_CHANGED")
            .on("PASSWORD_CHANGED")
            .on("USER_STATUS_CHANGED")
            .on("PASSWORD_RESET_REQUESTED")
            .on("PASSWORD_RESET_COMPLETED")
            .on("USER_DELETED")
            .settings(R"({
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "hmac_key": {"type": "string", "x-secret": true,
                                 "description": "Makes the hash chain hold against whoever may write the table."}
                }})")
            .schema_version(1)
            .table(kLog)
            .table(kHeads);
    }

    void keys(const Event& event, lantern::WantedKeys& wanted) {
        wanted.want(kHeads, {event.aggregate_id(), event.aggregate_type()});
    }

    void handle(const Event& event, lantern::Changes& changes) {
        json::object fields;
        std::string previous;
        if (const auto head = changes.find(kHeads, {event.aggregate_id(), event.aggregate_type()})) {
            previous = head->text(kHeads["hash"]);
            fields = lantern::parse_object(head->text(kHeads["fields"]));
        }
        const bool deletion = event.type() == "USER_DELETED";
        const std::string changed =
            audit::canonical(change(fields, deletion ? news_of_deletion(fields) : news_of(event)));
        const auto reason = event.find_text("reason");
        const std::string hash = audit::hash_of({.previous_hash = previous,
                                                 .event_id = event.id(),
                                                 .subject_type = event.aggregate_type(),
                                                 .subject = event.aggregate_id(),
                                                 .revision = event.revision(),
                                                 .time_us = event.recorded_at().time_since_epoch().count(),
                                                 .actor = event.actor(),
                                                 .action = event.type(),
                                                 .reason = reason.value_or(""),
                                                 .changes = changed},
                                                key_);
        const auto previous_or_null = previous.empty() ? std::nullopt : std::optional(previous);
        changes.upsert(kLog, {event.aggregate_id(), event.id()},
                       {{kLog["subject_type"], event.aggregate_type()},
                        {kLog["time"], event.recorded_at()},
                        {kLog["actor"], event.actor()},
                        {kLog["action"], event.type()},
                        {kLog["reason"], reason},
                        {kLog["changes"], changed},
                        {kLog["revision"], event.revision()},
                        {kLog["previous_hash"], previous_or_null},
                        {kLog["hash"], hash}});
        changes.upsert(kHeads, {event.aggregate_id(), event.aggregate_type()},
                       {{kHeads["hash"], hash}, {kHeads["fields"], audit::canonical(fields)}});
    }

    void check(const lantern::OwnedRows& rows, lantern::Findings& findings) {
        audit::check_chains(rows, key_, findings);
    }

private:
    const std::string key_;
};

}  // namespace

LANTERN_PLUGIN(AuditLog)
