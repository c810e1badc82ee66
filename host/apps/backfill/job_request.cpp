#include "host/apps/backfill/job_request.hpp"

#include <boost/json.hpp>

namespace lantern::apps {

namespace json = boost::json;

std::string JobRequest::json() const {
    static constexpr const char* kWhen[] = {"ready", "if_equal", "compared", "never"};
    return json::serialize(json::object{{"swap", kWhen[static_cast<int>(when)]},
                                        {"move_dependents", move_dependents},
                                        {"keep_ms", keep.count()},
                                        {"sample", sample}});
}

JobRequest JobRequest::parse(const std::string& text) {
    const auto object = json::parse(text).as_object();
    JobRequest request;
    const auto& when = object.at("swap").as_string();
    request.when = when == "if_equal"   ? backfill::SwapWhen::if_equal
                   : when == "compared" ? backfill::SwapWhen::compared
                   : when == "never"    ? backfill::SwapWhen::never
                                        : backfill::SwapWhen::ready;
    request.move_dependents = object.at("move_dependents").as_bool();
    request.keep = Milliseconds(object.at("keep_ms").to_number<std::int64_t>());
    if (const auto* sample = object.if_contains("sample")) request.sample = sample->to_number<std::int64_t>();
    return request;
}

}  // namespace lantern::apps
