#include "chain_check.hpp"

#include <algorithm>
#include <map>

#include "chain.hpp"
#include "tables.hpp"

namespace audit {
namespace {

namespace json = lantern::json;
using lantern::Row;

// What the rows of one id hold of one subject.
struct Subject {
    std::vector<Row> rows;  // by revision
    std::optional<Row> head;
    std::int64_t checkpoint = 0;
};

std::map<std::string_view, Subject> subjects_of(const lantern::OwnedRows& rows) {
    std::map<std::string_view, Subject> subjects;  // by type
    for (const auto& stream : rows.streams()) subjects[stream.aggregate_type].checkpoint = stream.revision;
    for (const Row& row : rows.of(kLog)) subjects[row.text(kLog["subject_type"])].rows.push_back(row);
    for (const Row& head : rows.of(kHeads)) subjects[head.text(kHeads["subject_type"])].head = head;
    for (auto& [type, subject] : subjects)
        std::stable_sort(subject.rows.begin(), subject.rows.end(), [](const Row& left, const Row& right) {
            return left.integer(kLog["revision"]) < right.integer(kLog["revision"]);
        });
    return subjects;
}

json::value parsed(std::string_view text) {
    json::error_code unreadable;  // nested too deeply, for instance: the row's hash then does not fit either
    const json::value value = json::parse(lantern::to_json(text), unreadable);
    return unreadable ? json::value(nullptr) : value;
}

std::string hash_of_row(const Row& row, std::string_view subject, std::string_view key) {
    const std::string changes = canonical(parsed(row.text(kLog["changes"])));
    return hash_of({.previous_hash = row.text(kLog["previous_hash"]),
                    .event_id = row.text(kLog["event_id"]),
                    .subject_type = row.text(kLog["subject_type"]),
                    .subject = subject,
                    .revision = row.integer(kLog["revision"]),
                    .time_us = row.integer(kLog["time"]),
                    .actor = row.text(kLog["actor"]),
                    .action = row.text(kLog["action"]),
                    .reason = row.text(kLog["reason"]),
                    .changes = changes},
                   key);
}

std::string named(std::string_view what, std::string_view hash) {
    return std::string(what).append(" ").append(hash.empty() ? "none" : hash);
}

// Moves `fields` to what the row says that they became.
void follow(json::object& fields, const Row& row) {
    const json::value changes = parsed(row.text(kLog["changes"]));
    if (!changes.is_object()) return;
    for (const auto& [field, change] : changes.get_object())
        if (const json::object* both = change.if_object())
            if (const json::value* now = both->if_contains("new")) fields[field] = *now;
}

// Row by row: each on the one before, and each as its hash says. The hash that the next one, or the head, has to
// name: where a row's own hash was changed, also the one that the row should have.
struct Ends {
    std::string_view stored;
    std::string made;
    bool names(std::string_view hash) const { return hash == stored || hash == made; }
};

Ends check_rows(std::string_view id, const Subject& subject, std::string_view key, lantern::Findings& findings) {
    Ends before;
    for (const Row& row : subject.rows) {
        const lantern::Key place{id, row.text(kLog["event_id"])};
        const auto previous = row.text(kLog["previous_hash"]);
        if (!before.names(previous))
            findings.add(kLog, place, named("previous_hash", previous),
                         &row == &subject.rows.front() ? "none, since no row is before it"
                                                       : named("that of the row before it,", before.stored));
        Ends here{row.text(kLog["hash"]), hash_of_row(row, id, key)};
        if (here.stored != here.made)
            findings.add(kLog, place, named("hash", here.stored),
                         named("what the row's content gives,", here.made));
        before = std::move(here);
    }
    return before;
}

void check_head(const lantern::Key& place, const Subject& subject, const Ends& last, bool rows_are_good,
                lantern::Findings& findings) {
    const bool any = !subject.rows.empty();
    if (!subject.head) {
        if (any) findings.add(kHeads, place, "no row", named("one with the hash of the last row,", last.stored));
        return;
    }
    const auto hash = subject.head->text(kHeads["hash"]);
    if (!any) {
        findings.add(kHeads, place, named("hash", hash), "no row, since the log has none");
    } else if (!last.names(hash)) {
        findings.add(kHeads, place, named("hash", hash), named("that of the last row,", last.stored));
    } else if (rows_are_good) {
        json::object fields;
        for (const Row& row : subject.rows) follow(fields, row);
        const std::string found = canonical(parsed(subject.head->text(kHeads["fields"])));
        const std::string expected = canonical(fields);
        if (found != expected)
            findings.add(kHeads, place, "fields " + found, "what the changes of the rows give, " + expected);
    }
}

// The last row is of the last revision that was applied.
void check_end(const lantern::Key& place, const Subject& subject, lantern::Findings& findings) {
    const std::int64_t last = subject.rows.empty() ? 0 : subject.rows.back().integer(kLog["revision"]);
    if (last == subject.checkpoint) return;
    const std::string found =
        subject.rows.empty() ? "no row in the log" : "a last row in the log of revision " + std::to_string(last);
    const std::string applied = std::to_string(subject.checkpoint);
    if (subject.checkpoint == 0)
        findings.add(kHeads, place, found, "none, since no event of such a stream is applied");
    else if (last < subject.checkpoint)
        findings.add(
            kHeads, place, found,
            "one of revision " + applied + ", the last that is applied, unless an operator had it skipped");
    else
        findings.add(kHeads, place, found, "none after revision " + applied + ", the last that is applied");
}

}  // namespace

void check_chains(const lantern::OwnedRows& rows, std::string_view key, lantern::Findings& findings) {
    const auto id = rows.aggregate_id();
    for (const auto& [type, subject] : subjects_of(rows)) {
        const std::size_t before = findings.size();
        const lantern::Key head{id, type};
        const Ends last = check_rows(id, subject, key, findings);
        check_head(head, subject, last, findings.size() == before, findings);
        check_end(head, subject, findings);
    }
}

}  // namespace audit
