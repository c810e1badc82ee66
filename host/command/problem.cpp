#include "host/command/problem.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "host/core/assert.hpp"

namespace lantern::command {
namespace {

struct Meaning {
    RejectionKind rejection;
    int status;
    const char* kind;
    const char* title;
};

// In order of precedence: the first that occurs among several rejections gives the status.
constexpr Meaning kMeanings[] = {
    {RejectionKind::unauthorized, 401, "unauthorized", "Not authenticated"},
    {RejectionKind::forbidden, 403, "forbidden", "Not allowed"},
    {RejectionKind::not_found, 404, "not-found", "Not found"},
    {RejectionKind::invalid, 422, "invalid", "The request breaks rules of its fields"},
    {RejectionKind::rule, 422, "rule", "A rule forbids it"},
    {RejectionKind::conflict, 409, "conflict", "In conflict with something that exists"},
};

}  // namespace

std::string to_json(const Problem& problem) {
    boost::json::object object;
    object["type"] = "urn:lantern:problem:" + problem.kind;
    object["title"] = problem.title;
    object["status"] = problem.status;
    object["detail"] = problem.detail;
    if (!problem.rule.empty()) object["rule"] = problem.rule;
    if (!problem.field.empty()) object["field"] = problem.field;
    if (!problem.errors.empty()) {
        auto& errors = object["errors"].emplace_array();
        for (const auto& error : problem.errors) {
            boost::json::object entry;
            entry["rule"] = error.rule;
            if (!error.field.empty()) entry["field"] = error.field;
            if (!error.pointer.empty()) entry["pointer"] = error.pointer;
            entry["detail"] = error.message;
            errors.push_back(std::move(entry));
        }
    }
    return boost::json::serialize(object);
}

Problem problem_of(std::vector<Rejection> rejections) {
    LANTERN_ASSERT(!rejections.empty(), "a problem needs a rejection");
    for (const auto& meaning : kMeanings) {
        const auto first = std::find_if(rejections.begin(), rejections.end(),
                                        [&](const Rejection& of) { return of.kind == meaning.rejection; });
        if (first == rejections.end()) continue;
        Problem problem{meaning.status, meaning.kind, meaning.title, first->message, first->rule, first->field, {}};
        problem.errors = std::move(rejections);
        return problem;
    }
    LANTERN_ASSERT(false, "every kind of rejection has a meaning");
}

}  // namespace lantern::command
