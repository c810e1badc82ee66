// A side effect that stops its own process between what it does and the entry in its ledger. It writes a line with
// its idempotency key to the file `acts`; while there is a file `freeze`, it takes that away and raises SIGSTOP.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <lantern/plugin.hpp>

namespace {

class Stopper : public lantern::SideEffect {
public:
    explicit Stopper(const lantern::Setup& setup)
        : acts_(lantern::text(setup.settings(), "acts")), freeze_(lantern::text(setup.settings(), "freeze")) {}

    static lantern::Description describe() {
        return lantern::Description("chaos_stopper", "1.0.0").on("CHAOS_TURN").settings(R"({
            "type": "object",
            "additionalProperties": false,
            "required": ["acts", "freeze"],
            "properties": {"acts": {"type": "string"}, "freeze": {"type": "string"}}})");
    }

    lantern::Outcome act(const lantern::Event&, const lantern::Attempt& attempt) {
        std::ofstream(acts_, std::ios::app) << attempt.idempotency_key() << std::endl;
        if (std::filesystem::remove(freeze_)) std::raise(SIGSTOP);
        return lantern::Outcome::applied();
    }

private:
    const std::string acts_, freeze_;
};

}  // namespace

LANTERN_PLUGIN(Stopper)
