#include "host/plugin_loading/probe_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;

namespace lantern::plugin_loading {
namespace {

constexpr std::size_t kOutputBytesMax = std::size_t{16} << 20;
constexpr std::size_t kErrorBytesKept = 1000;

class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }
    int get() const { return fd_; }
    void own(int fd) {
        close();
        fd_ = fd;
    }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

private:
    int fd_;
};

struct Pipe {
    Descriptor read, write;
    bool open() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return false;
        read.own(ends[0]);
        write.own(ends[1]);
        return ::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
    }
};

// A file in memory, so that no child can block us by not reading.
bool put_input(Descriptor& file, std::string_view input) {
    file.own(::memfd_create("lantern-probe", MFD_CLOEXEC));
    while (file.get() >= 0 && !input.empty()) {
        const ssize_t put = ::write(file.get(), input.data(), input.size());
        if (put <= 0) return false;
        input.remove_prefix(static_cast<std::size_t>(put));
    }
    return file.get() >= 0 && ::lseek(file.get(), 0, SEEK_SET) == 0;
}

int spawn(pid_t& pid, const std::vector<std::string>& command, int input, int output, int errors) {
    std::vector<char*> arguments;
    for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, errors, STDERR_FILENO);
    // A group of its own, so that what a plugin starts ends with it; no blocked signals, the usual dispositions.
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const int error = ::posix_spawn(&pid, arguments[0], &files, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

// Takes what is there. False at the end of the stream.
bool drain(int fd, std::string& into) {
    char buffer[1 << 14];
    for (;;) {
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got > 0 && into.size() < kOutputBytesMax) into.append(buffer, static_cast<std::size_t>(got));
        if (got == 0) return false;
        if (got < 0) return errno == EAGAIN || errno == EINTR;
    }
}

bool holds_line(const std::string& output, const std::vector<std::string_view>& words) {
    for (std::size_t at = 0; at < output.size();) {
        const auto end = output.find('\n', at);
        if (end == std::string::npos) return false;
        for (const auto word : words) {
            if (output.compare(at, word.size(), word) == 0) return true;
        }
        at = end + 1;
    }
    return false;
}

// Polls until one of the three ends. `pidfd` becomes readable when the process has ended.
Ended::How watch(Ended& ended, int output, int errors, int pidfd, std::chrono::milliseconds deadline,
                 const std::vector<std::string_view>& last_words) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    std::array<pollfd, 3> watched{{{output, POLLIN, 0}, {errors, POLLIN, 0}, {pidfd, POLLIN, 0}}};
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
        if (left <= 0) return Ended::How::overran;
        ::poll(watched.data(), watched.size(), static_cast<int>(left));
        if (watched[0].fd >= 0 && !drain(output, ended.output)) watched[0].fd = -1;
        if (watched[1].fd >= 0 && !drain(errors, ended.error_lines)) watched[1].fd = -1;
        if (holds_line(ended.output, last_words)) return Ended::How::answered;
        if ((watched[2].revents & POLLIN) != 0) return Ended::How::exited;
    }
}

}  // namespace

Result<Ended> run_process(const std::vector<std::string>& command, const std::string& input,
                          std::chrono::milliseconds deadline, const std::vector<std::string_view>& last_words) {
    Pipe output, errors;
    Descriptor in;
    if (!output.open() || !errors.open() || !put_input(in, input)) {
        return failure(std::string("no pipe for a child process: ") + std::strerror(errno));
    }
    pid_t pid = 0;
    if (const int error = spawn(pid, command, in.get(), output.write.get(), errors.write.get()); error != 0) {
        return failure(command[0] + " could not be started: " + std::strerror(error));
    }
    output.write.close();
    errors.write.close();
    // By number: <sys/pidfd.h> of glibc 2.36 does not say extern "C".
    const Descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    Ended ended;
    ended.how = pidfd.get() < 0
                    ? Ended::How::overran
                    : watch(ended, output.read.get(), errors.read.get(), pidfd.get(), deadline, last_words);
    // The process itself is not reaped yet, so neither its id nor its group's can be another's.
    ::kill(-pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    drain(errors.read.get(), ended.error_lines);
    if (ended.how == Ended::How::exited) {
        drain(output.read.get(), ended.output);
        if (holds_line(ended.output, last_words)) ended.how = Ended::How::answered;
        ended.code = WEXITSTATUS(status);
        if (WIFSIGNALED(status)) {
            ended.how = Ended::How::signalled;
            ended.code = WTERMSIG(status);
        }
    }
    if (ended.error_lines.size() > kErrorBytesKept) {
        ended.error_lines.erase(0, ended.error_lines.size() - kErrorBytesKept);
    }
    while (!ended.error_lines.empty() && ended.error_lines.back() == '\n') ended.error_lines.pop_back();
    return ended;
}

std::string signal_text(int signal) {
    const char* name = ::sigabbrev_np(signal);
    const char* meaning = ::sigdescr_np(signal);
    return (name ? "SIG" + std::string(name) : "signal " + std::to_string(signal)) +
           (meaning ? " (" + std::string(meaning) + ")" : "");
}

}  // namespace lantern::plugin_loading
