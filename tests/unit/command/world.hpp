// A command path over fakes, and the verbs that tests speak.
#pragma once

#include "tests/unit/command/fakes.hpp"

namespace lantern::command::fakes {

class World {
public:
    MemoryStore store;
    StreamCache cache{1u << 20};
    MemoryHeads heads;  // of this process

    NotedCalls calls;

    CommandPath path() { return CommandPath({aggregates_, cache, heads, mac_, clock_, &calls}, store, random_); }

    static CommandRequest request(const std::string& command, const std::string& id,
                                  const std::string& data = "{}") {
        CommandRequest request;
        request.aggregate = "account";
        request.aggregate_id = id;
        request.command = command;
        request.data = data;
        request.actor = {"admin", "Admin", {"*"}};
        request.correlation_id = "correlation";
        request.causation_id = "request";
        request.source = "127.0.0.1";
        return request;
    }
    static CommandRequest creation(const std::string& name) {
        auto request = World::request("open", "", "{\"name\":\"" + name + "\"}");
        request.creates = true;
        request.accepted_status = 201;
        return request;
    }

    // Answers asks with "true" or a hash until there is an answer.
    Answer handle(CommandRequest request) {
        Handling handling;
        handling.request = std::move(request);
        return handle(handling);
    }
    Answer handle(Handling& handling) {
        while (true) {
            auto step = path().proceed(handling);
            if (auto* answer = std::get_if<Answer>(&step)) return *answer;
            std::vector<std::string> names, answers;
            for (const auto& ask : std::get<std::vector<Ask>>(step)) {
                names.push_back(ask.name);
                answers.push_back(ask.service == "password.verify" ? "true" : "\"hash of it\"");
            }
            if (while_asked) std::exchange(while_asked, nullptr)();
            CommandPath::give(handling, names, answers);
        }
    }
    std::string open(const std::string& name) { return handle(creation(name)).id; }
    // Another process, with no cache in common with this one.
    Answer elsewhere(CommandRequest of) {
        StreamCache other(1u << 20);
        Handling handling;
        handling.request = std::move(of);
        MemoryHeads unshared;
        CommandPath path({aggregates_, other, unshared, mac_, clock_}, store, random_);
        return std::get<Answer>(path.proceed(handling));
    }

    std::function<void()> while_asked;  // called once, while a service works

private:
    Aggregates aggregates_{{"account", {std::make_shared<Account>(), std::make_shared<NoUpcasts>()}}};
    PlainMac mac_;
    SystemClock clock_;
    SystemRandom random_{7};
};

inline IdempotencyKey key(const std::string& key, const std::string& request) {
    return {"admin", "POST /accounts/", key, request};
}

}  // namespace lantern::command::fakes
