// lantern doctor: looks at servers, store, plugins and routing, and says what to do about what is not well.
#include <algorithm>
#include <boost/json.hpp>
#include <iomanip>
#include <iostream>

#include "host/apps/operate/doctor_checks.hpp"
#include "host/apps/verbs.hpp"

namespace lantern::apps {
namespace {

namespace json = boost::json;

const char* word_of(Finding::Level level) {
    switch (level) {
        case Finding::Level::ok:
            return "ok";
        case Finding::Level::warning:
            return "warning";
        case Finding::Level::problem:
            break;
    }
    return "problem";
}

void print(const Findings& findings) {
    for (const auto& finding : findings) {
        std::cout << std::left << std::setw(9) << word_of(finding.level) << std::setw(32) << finding.subject
                  << finding.found << "\n";
        if (!finding.remedy.empty())
            std::cout << std::setw(9) << ""
                      << "-> " << finding.remedy << "\n";
    }
}

void print_json(const Findings& findings) {
    json::array all;
    for (const auto& finding : findings)
        all.push_back(json::object{{"level", word_of(finding.level)},
                                   {"subject", finding.subject},
                                   {"found", finding.found},
                                   {"remedy", finding.remedy}});
    std::cout << json::serialize(json::object{{"findings", all}}) << std::endl;
}

int examine_and_print(const Instance& at, const std::string& format) {
    const auto findings = examine(at, at.settings(), at.routing());
    const auto count = [&](Finding::Level level) {
        return std::count_if(findings.begin(), findings.end(), [&](const auto& one) { return one.level == level; });
    };
    const auto problems = count(Finding::Level::problem);
    if (format == "json")
        print_json(findings);
    else
        print(findings);
    if (format != "json")
        std::cout << problems << (problems == 1 ? " problem, " : " problems, ") << count(Finding::Level::warning)
                  << " warnings" << std::endl;
    return problems == 0 ? 0 : kFailed;
}

}  // namespace

void add_doctor(Verbs& verbs) {
    const auto format = std::make_shared<std::string>("table");
    auto& doctor =
        verbs.add("doctor", "look at servers, store, plugins and routing; say what is not well and what helps",
                  [format](const Instance& at) { return examine_and_print(at, *format); });
    doctor.add_option("-o,--output", *format, "table or json")->check(CLI::IsMember({"table", "json"}));
}

}  // namespace lantern::apps
