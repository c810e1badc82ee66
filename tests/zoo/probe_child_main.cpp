#include "host/plugin_loading/probe.hpp"

int main() {
    return lantern::plugin_loading::answer_probe();
}
