#include "host/supervise/editions.hpp"

#include <algorithm>

namespace lantern::supervise {

std::string Editions::of_worker(const HandlerSettings& settings, const std::vector<std::string>& builds,
                                std::int64_t revision) {
    Content content{settings, builds};
    content.settings.concurrency = 1;
    content.settings.start.reset();
    const auto number = number_of(std::move(content));
    if (first_revision_[number] == 0) first_revision_[number] = revision;
    return std::to_string(number);
}

std::string Editions::of_api(const std::vector<std::string>& builds) {
    return std::to_string(number_of({{}, builds}));
}

std::optional<Editions::Launch> Editions::launch(const std::string& edition) const {
    const auto number = std::stoul(edition);
    if (number >= contents_.size() || first_revision_[number] == 0) return std::nullopt;
    return Launch{first_revision_[number], contents_[number].builds.front()};
}

std::size_t Editions::number_of(Content content) {
    const auto found = std::find(contents_.begin(), contents_.end(), content);
    const auto number = static_cast<std::size_t>(found - contents_.begin());
    if (found == contents_.end()) {
        contents_.push_back(std::move(content));
        first_revision_.push_back(0);
    }
    return number;
}

}  // namespace lantern::supervise
