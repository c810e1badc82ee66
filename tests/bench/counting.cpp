// The least a projection can do, for the cost of the call itself.
#include <lantern/plugin.hpp>

namespace {

constexpr auto kSeen =
    lantern::Table::owned("seen").key("id", lantern::Type::text).column("revision", lantern::Type::integer);

class Counting : public lantern::Projection {
public:
    static lantern::Description describe() {
        return lantern::Description("counting", "1.0.0").on("SEEN").on("RECORDED").schema_version(1).table(kSeen);
    }

    void handle(const lantern::Event& event, lantern::Changes& changes) {
        if (event.type() == "RECORDED") {
            changes.patch(kSeen, event.aggregate_id(), {{kSeen["revision"], event.revision()}});
        }
    }
};

}  // namespace

LANTERN_PLUGIN(Counting)
