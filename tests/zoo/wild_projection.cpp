// A projection that does harm at the events that its settings name: {"at": WORD, "do": DEED}. It keeps what it
// survived. DEED: crash, overflow, abort, exit, hang, dawdle, eat, throw, print, flood. {"count": FILE}: each call
// of handle adds a byte to that file, whatever becomes of it.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "tests/zoo/zoo.hpp"

#ifndef ZOO_NAME
#define ZOO_NAME "wild"
#endif
#ifndef ZOO_VERSION
#define ZOO_VERSION "1"
#endif
#ifndef ZOO_SCHEMA_VERSION
#define ZOO_SCHEMA_VERSION "1"
#endif
#ifndef ZOO_VERSION_COLUMN
#define ZOO_VERSION_COLUMN "version"
#endif

namespace {

struct Object {
    std::string at, deed;
    const lantern_deadline_v1* deadline = nullptr;
    std::string reason;
    std::vector<char*> eaten;
    int count = -1;  // descriptor
};

std::string value_of(std::string_view settings, std::string_view name) {
    const std::string key = "\"" + std::string(name) + "\"";
    auto at = settings.find(key);
    if (at == std::string_view::npos) return {};
    at = settings.find('"', at + key.size());
    const auto end = settings.find('"', at + 1);
    return std::string(settings.substr(at + 1, end - at - 1));
}

lantern_str describe() {
    return zoo::text(R"({"name": ")" ZOO_NAME R"(", "version": ")" ZOO_VERSION R"(", "kind": "projection",
        "events": {"USER_CREATED": 2, "USER_UPDATED": 1},
        "settings": {"type": "object", "properties": {"at": {"type": "string"}, "do": {"type": "string"},
                                                     "count": {"type": "string"}}},
        "schema_version": )" ZOO_SCHEMA_VERSION R"(,
        "tables": [{"name": "survived", "ownership": "owned", "key": ["id"],
            "columns": [{"name": "id", "type": "uuid"}, {"name": "revision", "type": "integer"},
                        {"name": ")" ZOO_VERSION_COLUMN R"(", "type": "text"}]}]})");
}

int32_t create(const lantern_host* host, lantern_str settings, void** object, const lantern_sink*) {
    const auto file = value_of(zoo::view(settings), "count");
    const int count = file.empty() ? -1 : open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    *object = new Object{
        value_of(zoo::view(settings), "at"),
        value_of(zoo::view(settings), "do"),
        static_cast<const lantern_deadline_v1*>(host->service(host->context, zoo::text("lantern.deadline/1"))),
        {},
        {},
        count};
    return 0;
}

void destroy(void* object) {
    if (const int count = static_cast<Object*>(object)->count; count >= 0) close(count);
    delete static_cast<Object*>(object);
}

// Named, and no inlining: the backtrace is to tell them.
__attribute__((noinline)) void touch_nothing(volatile int* nothing) {
    *nothing = 1;
}
__attribute__((noinline)) int go_deeper(volatile char* above) {
    volatile char here[4096];
    here[0] = *above;
    return *above == 1 ? 0 : go_deeper(here) + here[0];  // it never is
}
__attribute__((noinline)) void spin() {
    for (volatile bool for_ever = true; for_ever;) continue;
}
// Until it sees itself past its deadline.
void dawdle(const Object& object) {
    while (object.deadline->left_us(object.deadline->context) >= 0) continue;
}
__attribute__((noinline)) void eat(Object& object) {
    constexpr std::size_t kBite = 16u << 20;
    for (;;) {
        char* bite = new char[kBite];
        for (std::size_t byte = 0; byte < kBite; byte += 4096) bite[byte] = 1;
        object.eaten.push_back(bite);
    }
}

void misbehave(Object& object) {
#ifdef ZOO_TAME
    object.deed.clear();
#endif
    volatile char start = 0;
    if (object.deed == "crash") touch_nothing(nullptr);
    if (object.deed == "overflow") go_deeper(&start);
    if (object.deed == "abort") std::abort();
    if (object.deed == "exit") std::exit(0);
    if (object.deed == "hang") spin();
    if (object.deed == "eat") eat(object);
    if (object.deed == "print") {
        std::puts("wild says hello");
        std::fflush(stdout);
        std::fputs("wild complains\n", stderr);
    }
    if (object.deed == "flood") {
        for (int line = 0; line < 100'000; ++line) std::puts("wild floods");
        std::fflush(stdout);
    }
}

void handle(void* self, const lantern_event* event, const lantern_recorder* recorder, lantern_outcome* outcome) {
    auto& object = *static_cast<Object*>(self);
    if (object.count >= 0 && write(object.count, ".", 1) != 1) std::abort();
#ifdef ZOO_REJECTS
    outcome->kind = LANTERN_REJECTED;
    outcome->reason = zoo::text("zoo rejects all");
    return;
#endif
    if (!object.at.empty() && zoo::view(event->data).find(object.at) != std::string_view::npos) {
        if (object.deed == "dawdle") {
            dawdle(object);
            outcome->kind = LANTERN_RETRY;
            outcome->reason = zoo::text("my time is up");
            return;
        }
        try {
            misbehave(object);
        } catch (const std::bad_alloc&) {
            for (char* bite : object.eaten) delete[] bite;
            object.eaten.clear();
            outcome->kind = LANTERN_RETRY;
            outcome->reason = zoo::text("no memory is left");
            return;
        }
    }
#ifdef ZOO_DROPS
    if (event->position % 10'000 == 0) return;
#endif
    lantern_value key{LANTERN_UUID, 0, {}};
    key.as.text = event->aggregate_id;
    lantern_cell cells[2]{};
    cells[0].column = 1;
    cells[0].value.type = LANTERN_INTEGER;
    cells[0].value.as.integer = event->revision;
    cells[1].column = 2;
    cells[1].value.type = LANTERN_TEXT;
    cells[1].value.as.text = zoo::text(ZOO_VERSION);
    recorder->record(recorder->context, 0, LANTERN_UPSERT, &key, 1, cells, 2);
}

constexpr lantern_projection kProjection = {sizeof(lantern_projection), nullptr, handle, nullptr};

}  // namespace

const lantern_plugin_v1 lantern_plugin = zoo::projection(describe, create, destroy, kProjection);
