// A page in Prometheus' text format, put together at each request: families in the order of their first sample.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace lantern::telemetry {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // One sample. `help` is taken with the family's first.
    void counter(const std::string& name, const std::string& help, const Labels& labels, double value);
    void gauge(const std::string& name, const std::string& help, const Labels& labels, double value);
    struct Histogram {
        std::vector<double> bounds;             // upper, rising
        std::span<const std::uint64_t> counts;  // one more than bounds; not cumulated
        double sum = 0;
    };
    void histogram(const std::string& name, const std::string& help, const Labels& labels,
                   const Histogram& histogram);

    std::string text() const;

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

}  // namespace lantern::telemetry
