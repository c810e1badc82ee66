#include "host/telemetry/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <limits>

namespace lantern::telemetry {
namespace {

prometheus::ClientMetric labelled(const Labels& labels) {
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : labels) metric.label.push_back({name, value});
    return metric;
}

}  // namespace

struct Metrics::Families {
    std::vector<prometheus::MetricFamily> in_order;
    std::map<std::string, std::size_t> by_name;

    void add(const std::string& name, const std::string& help, prometheus::MetricType type,
             prometheus::ClientMetric sample) {
        const auto [found, is_new] = by_name.try_emplace(name, in_order.size());
        if (is_new) in_order.push_back({name, help, type, {}});
        in_order[found->second].metric.push_back(std::move(sample));
    }
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}

Metrics::~Metrics() = default;

void Metrics::counter(const std::string& name, const std::string& help, const Labels& labels, double value) {
    auto sample = labelled(labels);
    sample.counter.value = value;
    families_->add(name, help, prometheus::MetricType::Counter, std::move(sample));
}

void Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels, double value) {
    auto sample = labelled(labels);
    sample.gauge.value = value;
    families_->add(name, help, prometheus::MetricType::Gauge, std::move(sample));
}

void Metrics::histogram(const std::string& name, const std::string& help, const Labels& labels,
                        const Histogram& histogram) {
    auto sample = labelled(labels);
    std::uint64_t cumulative = 0;
    for (std::size_t at = 0; at < histogram.counts.size(); ++at) {
        cumulative += histogram.counts[at];
        const double bound =
            at < histogram.bounds.size() ? histogram.bounds[at] : std::numeric_limits<double>::infinity();
        sample.histogram.bucket.push_back({cumulative, bound});
    }
    sample.histogram.sample_count = cumulative;
    sample.histogram.sample_sum = histogram.sum;
    families_->add(name, help, prometheus::MetricType::Histogram, std::move(sample));
}

std::string Metrics::text() const {
    return prometheus::TextSerializer().Serialize(families_->in_order);
}

}  // namespace lantern::telemetry
