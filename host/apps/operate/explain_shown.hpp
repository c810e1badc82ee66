// What `lantern explain` prints.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/postgres/operate/explain.hpp"

namespace lantern::apps {

// About one event, or about the whole stream whose newest event it is.
enum class About { event, stream };

void print_explained(About about, const postgres::ExplainedEvent& event,
                     const std::vector<postgres::Explained>& handlers);
void print_explained_json(About about, const postgres::ExplainedEvent& event,
                          const std::vector<postgres::Explained>& handlers);

// What ends a handler's state, as a sentence; empty: nothing is to be done.
std::string how_it_ends(const std::string& state, const std::string& handler);

}  // namespace lantern::apps
