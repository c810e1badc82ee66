#include "host/supervise/editions.hpp"

#include <algorithm>
#include <utility>

namespace lantern::supervise {

void Editions::revised(const std::vector<HandlerSettings>& handlers, std::int64_t revision) {
    const auto before = std::exchange(work_, {});
    for (HandlerSettings settings : handlers) {
        settings.concurrency = 1;
        settings.start.reset();
        const auto known = before.find(settings.name);
        const bool goes_on = known != before.end() && known->second.settings == settings;
        const HandlerName name = settings.name;
        work_[name] = {std::move(settings), goes_on ? known->second.since : revision};
    }
}

std::string Editions::of_worker(const HandlerName& handler, const std::vector<std::string>& builds) {
    return name_of({work_.at(handler), builds});
}

std::string Editions::of_api(const std::vector<std::string>& builds) {
    return name_of({{}, builds});
}

std::optional<Editions::Launch> Editions::launch(const std::string& edition) const {
    const auto number = std::stoul(edition);
    if (number >= contents_.size() || contents_[number].work.since == 0) return std::nullopt;
    return Launch{contents_[number].work.since, contents_[number].builds.front()};
}

std::string Editions::name_of(Content content) {
    const auto found = std::find(contents_.begin(), contents_.end(), content);
    const auto number = found - contents_.begin();
    if (found == contents_.end()) contents_.push_back(std::move(content));
    return std::to_string(number);
}

}  // namespace lantern::supervise
