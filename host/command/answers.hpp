// The answers that the command path itself gives, beside those an aggregate decides.
#pragma once

#include <string>

#include "host/command/problem.hpp"
#include "host/command/request.hpp"

namespace lantern::command {

Answer accepted(int status, const std::string& aggregate_id, Revision revision);
Answer answer_of(const Problem& problem);
Answer rejected(std::vector<Rejection> rejections);
// The caller learns that it is a defect, the log learns which.
Answer defective(std::string defect);
Answer unloaded(const std::string& aggregate_type);
// api processes died of this command too often.
Answer blocked(const std::string& aggregate_type, const std::string& command, const std::string& build);
Answer revision_differs(Revision head);
Answer busy_stream(int repeats);
Answer key_taken(const std::string& scope);
Answer counter_below(const CounterMove& move);
Answer not_found(const std::string& aggregate_type);
// The first answer to this key, or 422 when the request was another one.
Answer replayed(const IdempotencyRecord& first, const std::string& request_mac);

}  // namespace lantern::command
