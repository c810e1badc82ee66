// What `lantern parked list` and `show` print.
#pragma once

#include <vector>

#include "host/postgres/operate/parked.hpp"

namespace lantern::apps {

struct ParkedDetail {
    postgres::ParkedStream stream;
    std::vector<postgres::KeptAttempt> attempts;  // newest first
};

void print_groups(const std::vector<postgres::ParkedGroup>& groups);
void print_groups_json(const std::vector<postgres::ParkedGroup>& groups);
void print_details(const std::vector<ParkedDetail>& details);
void print_details_json(const std::vector<ParkedDetail>& details);

}  // namespace lantern::apps
