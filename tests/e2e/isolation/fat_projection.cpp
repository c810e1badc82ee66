// A projection that takes memory which the kernel does not refuse it, shared mappings, at the event whose data
// holds the word `at`: until its process has so many MiB. Then it `returns` and keeps them, or `stays`.
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <new>
#include <string>

#include <lantern/plugin.hpp>

namespace {

using lantern::Type;

constexpr std::size_t kMib = 1u << 20;
constexpr auto kSurvived =
    lantern::Table::owned("survived").key("id", Type::uuid).column("revision", Type::integer);

std::size_t resident_mib() {
    std::size_t total = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) / kMib;
}

class Fat : public lantern::Projection {
public:
    explicit Fat(const lantern::Setup& setup)
        : at_(lantern::text(setup.settings(), "at")),
          then_(lantern::text(setup.settings(), "then")),
          mib_(static_cast<std::size_t>(lantern::find_integer(setup.settings(), "mib").value_or(0))) {}

    static lantern::Description describe() {
        return lantern::Description("fat", "1.0.0")
            .on("USER_CREATED", 2)
            .settings(R"({"type": "object", "required": ["at", "then", "mib"], "properties": {
                "at": {"type": "string"}, "then": {"enum": ["returns", "stays"]}, "mib": {"type": "integer"}}})")
            .schema_version(1)
            .table(kSurvived);
    }

    void handle(const lantern::Event& event, lantern::Changes& changes) {
        if (event.text("username").find(at_) != std::string_view::npos) swell();
        changes.upsert(kSurvived, event.aggregate_id(), {{kSurvived["revision"], event.revision()}});
    }

private:
    void swell() const {
        while (resident_mib() < mib_) {
            void* more = ::mmap(nullptr, kMib, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
            if (more == MAP_FAILED) throw std::bad_alloc();
            std::memset(more, 1, kMib);
        }
        for (volatile bool stays = then_ == "stays"; stays;) continue;
    }

    const std::string at_, then_;
    const std::size_t mib_;
};

}  // namespace

LANTERN_PLUGIN(Fat)
