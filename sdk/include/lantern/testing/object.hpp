// An object of a projection or side effect, made through the border as the host makes it.
#pragma once

#include <utility>

#include <lantern/testing/failure.hpp>

namespace lantern::testing {

class Object {
public:
    Object(const lantern_plugin_v1& plugin, std::string settings)
        : plugin_(plugin), settings_(std::move(settings)) {
        host_.size = sizeof host_;
        host_.abi_major = LANTERN_ABI_MAJOR;
        host_.abi_minor = LANTERN_ABI_MINOR;
        host_.service = [](void*, lantern_str) -> const void* { return nullptr; };
        renew();
    }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    ~Object() { end(); }

    // Destroys the object and makes another. Throws Failure with the plugin's own words.
    void renew() {
        end();
        Collected error;
        if (plugin_.create(&host_, borrow(settings_), &object_, error.sink()) != 0) {
            object_ = nullptr;
            throw Failure("create failed: " + error.text());
        }
    }
    void* get() const { return object_; }

private:
    void end() {
        if (object_) plugin_.destroy(std::exchange(object_, nullptr));
    }

    const lantern_plugin_v1& plugin_;
    const std::string settings_;
    lantern_host host_{};
    void* object_ = nullptr;
};

}  // namespace lantern::testing
