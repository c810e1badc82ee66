// Problem details, RFC 9457: what every answer of status 400 and above carries.
#pragma once

#include <string>
#include <vector>

#include "host/command/ports.hpp"

namespace lantern::command {

struct Problem {
    int status = 500;
    std::string kind;  // last part of the type, for example "revision-differs"
    std::string title;
    std::string detail;
    std::string rule;   // may be empty
    std::string field;  // may be empty
    std::vector<Rejection> errors;
};

// {"type": "urn:lantern:problem:<kind>", "title", "status", "detail", "rule"?, "field"?, "errors"?: [{rule, field?,
// pointer?, detail}]}
std::string to_json(const Problem& problem);

// All rejections of one decision as one problem: what the caller may not know or do comes before what is wrong
// with the fields.
Problem problem_of(std::vector<Rejection> rejections);

}  // namespace lantern::command
