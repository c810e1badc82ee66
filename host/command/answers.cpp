#include "host/command/answers.hpp"

#include <boost/json.hpp>

namespace lantern::command {

Answer accepted(int status, const std::string& aggregate_id, Revision revision) {
    Answer answer;
    answer.status = status;
    answer.id = aggregate_id;
    answer.revision = revision;
    answer.body = "{\"id\":" + boost::json::serialize(boost::json::string(aggregate_id)) +
                  ",\"revision\":" + std::to_string(revision.value) + "}";
    return answer;
}

Answer answer_of(const Problem& problem) {
    Answer answer;
    answer.status = problem.status;
    answer.body = to_json(problem);
    return answer;
}

Answer rejected(std::vector<Rejection> rejections) {
    return answer_of(problem_of(std::move(rejections)));
}

Answer defective(std::string defect) {
    auto answer = answer_of({500,
                             "defect",
                             "A defect of the server",
                             "The command could not be decided. The log of the server tells why.",
                             "",
                             "",
                             {}});
    answer.defect = std::move(defect);
    return answer;
}

Answer unloaded(const std::string& aggregate_type) {
    auto answer = answer_of({503,
                             "aggregate-not-loaded",
                             "Not available",
                             "No plugin for the aggregate type " + aggregate_type + " is loaded.",
                             "",
                             "",
                             {}});
    answer.defect = "no plugin for the aggregate type " + aggregate_type + " is loaded";
    return answer;
}

Answer blocked(const std::string& aggregate_type, const std::string& command, const std::string& build) {
    const std::string what =
        "the command " + command + " of " + aggregate_type + " with build " + build.substr(0, 12);
    auto answer = answer_of({503,
                             "command-blocked",
                             "Not available",
                             "Processes that decided " + what +
                                 " died too often. It is not decided any more until its plugin is replaced.",
                             "",
                             "",
                             {}});
    answer.defect = what + " is blocked: api processes died of it";
    return answer;
}

Answer revision_differs(Revision head) {
    return answer_of({412,
                      "revision-differs",
                      "Changed meanwhile",
                      "If-Match does not name the current revision, which is " + std::to_string(head.value) + ".",
                      "if_match",
                      "",
                      {}});
}

Answer busy_stream(int repeats) {
    return answer_of({409,
                      "busy",
                      "Changed by others at the same time",
                      "Other commands came between " + std::to_string(repeats + 1) + " times. Try again.",
                      "busy",
                      "",
                      {}});
}

Answer key_taken(const std::string& scope) {
    return rejected({{RejectionKind::conflict, scope + "_taken", scope, "This " + scope + " is taken."}});
}

Answer counter_below(const CounterMove& move) {
    return rejected({{RejectionKind::rule, move.rule, "", move.message}});
}

Answer not_found(const std::string& aggregate_type) {
    return rejected(
        {{RejectionKind::not_found, aggregate_type + "_exists", "", "There is no such " + aggregate_type + "."}});
}

Answer replayed(const IdempotencyRecord& first, const std::string& request_mac) {
    if (first.request_mac != request_mac)
        return answer_of({422,
                          "idempotency-key-reused",
                          "Idempotency-Key was used for another request",
                          "The same Idempotency-Key came before with another path or body.",
                          "idempotency_key",
                          "",
                          {}});
    Answer answer;
    answer.status = first.status;
    answer.body = first.body;
    answer.replayed = true;
    boost::system::error_code malformed;
    const auto body = boost::json::parse(first.body, malformed);
    if (first.status < 400 && !malformed && body.is_object()) {
        const auto& object = body.as_object();
        if (const auto* id = object.if_contains("id"); id && id->is_string()) answer.id = id->as_string().c_str();
        if (const auto* revision = object.if_contains("revision"); revision && revision->is_int64())
            answer.revision = Revision{revision->as_int64()};
    }
    return answer;
}

}  // namespace lantern::command
