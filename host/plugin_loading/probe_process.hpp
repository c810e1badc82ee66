// Runs a program that may crash, hang, print or exit, and says how it ended.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "host/core/result.hpp"

namespace lantern::plugin_loading {

struct Ended {
    enum class How { answered, exited, signalled, overran } how = How::exited;
    int code = 0;             // exit status or signal number
    std::string output;       // standard output
    std::string error_lines;  // the last bytes of standard error
};

// Runs until the output holds a whole line that begins with one of `last_words`, the process ends, or the deadline
// passes; then the process and its group are killed. Result error: it could not be started.
Result<Ended> run_process(const std::vector<std::string>& command, const std::string& input,
                          std::chrono::milliseconds deadline, const std::vector<std::string_view>& last_words);

std::string signal_text(int signal);  // "SIGSEGV (Segmentation fault)"

}  // namespace lantern::plugin_loading
