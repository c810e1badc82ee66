#include "host/processes/child.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "host/core/fault.hpp"

// glibc 2.36 declares these without C linkage in <sys/pidfd.h>.
extern "C" {
int pidfd_open(pid_t pid, unsigned flags) noexcept;
int pidfd_send_signal(int pidfd, int number, siginfo_t* info, unsigned flags) noexcept;
}

namespace lantern::processes {
namespace {

constexpr std::size_t kOutputBytesMax = 1u << 20;
constexpr int kCloseOnExec = 1 << 2;  // CLOSE_RANGE_CLOEXEC

struct Pipe {
    int read = -1, write = -1;
    Pipe() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            throw Fault(FaultKind::outage, "processes", std::string("pipe: ") + std::strerror(errno));
        read = ends[0];
        write = ends[1];
    }
    ~Pipe() {
        close_read();
        close_write();
    }
    Pipe(const Pipe&) = delete;
    void close_read() {
        if (read >= 0) ::close(read);
        read = -1;
    }
    void close_write() {
        if (write >= 0) ::close(write);
        write = -1;
    }
};

struct Credentials {
    bool change = false;
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
};

Credentials credentials_of(const std::string& user) {
    Credentials as;
    if (user.empty()) return as;
    const passwd* entry = getpwnam(user.c_str());
    if (!entry) throw Fault(FaultKind::configuration, "processes", "there is no user \"" + user + "\"");
    if (entry->pw_uid == geteuid()) return as;
    as.change = true;
    as.uid = entry->pw_uid;
    as.gid = entry->pw_gid;
    int count = 64;
    as.groups.resize(count);
    if (getgrouplist(user.c_str(), as.gid, as.groups.data(), &count) < 0) {
        as.groups.resize(count);
        getgrouplist(user.c_str(), as.gid, as.groups.data(), &count);
    }
    as.groups.resize(count);
    return as;
}

std::string found_in_path(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    const char* path = std::getenv("PATH");
    std::string rest = path ? path : "/usr/local/bin:/usr/bin:/bin";
    while (!rest.empty()) {
        const auto colon = rest.find(':');
        const std::string candidate = rest.substr(0, colon) + "/" + name;
        if (access(candidate.c_str(), X_OK) == 0) return candidate;
        rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    }
    throw Fault(FaultKind::configuration, "processes", "program \"" + name + "\" is not in PATH");
}

// All that the child needs, made before fork: afterwards only system calls are safe.
struct Prepared {
    std::string path;
    std::vector<std::string> texts;
    std::vector<char*> argv, envp;
    Credentials credentials;
    std::string directory;
    int out = -1, err = -1;
    int lifeline = -1;
    std::vector<int> handed_over;
    bool detached = false;
    pid_t parent = 0;
};

void prepare_environment(Prepared& prepared, const Program& program, std::map<std::string, std::string> extra) {
    std::map<std::string, std::string> environment;
    if (program.inherit == Program::Inherit::environment)
        for (char** entry = environ; *entry; ++entry) {
            const std::string text = *entry;
            const auto equals = text.find('=');
            if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
        }
    environment.erase("LANTERN_LIFELINE");
    for (const auto& [name, value] : program.environment) environment[name] = value;
    for (const auto& [name, value] : extra) environment[name] = value;
    prepared.texts.reserve(program.argv.size() + environment.size());
    for (const auto& argument : program.argv) prepared.argv.push_back(prepared.texts.emplace_back(argument).data());
    for (const auto& [name, value] : environment)
        prepared.envp.push_back(prepared.texts.emplace_back(name + "=" + value).data());
    prepared.argv.push_back(nullptr);
    prepared.envp.push_back(nullptr);
}

struct Failed {
    const char* step;
    int error;
};

[[noreturn]] void fail(int report, const char* step) {
    const Failed failed{step, errno};
    [[maybe_unused]] const auto written = ::write(report, &failed, sizeof failed);
    _exit(127);
}

// In the child. Async-signal-safe calls only.
[[noreturn]] void become(const Prepared& to, int report) {
    if (to.detached ? setsid() < 0 : setpgid(0, 0) < 0) fail(report, "make a process group");
    const int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || dup2(nothing, 0) < 0) fail(report, "open /dev/null");
    if (to.out >= 0 && dup2(to.out, 1) < 0) fail(report, "direct the output");
    if (to.err >= 0 && dup2(to.err, 2) < 0) fail(report, "direct the output");
    if (to.credentials.change) {
        if (setgroups(to.credentials.groups.size(), to.credentials.groups.data()) != 0 ||
            setgid(to.credentials.gid) != 0 || setuid(to.credentials.uid) != 0)
            fail(report, "become its user");
    }
    // After the change of user, which clears it; then look whether the parent died meanwhile.
    if (!to.detached) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(report, "set the parent-death signal");
        if (getppid() != to.parent) _exit(127);
    }
    if (!to.directory.empty() && chdir(to.directory.c_str()) != 0) fail(report, "enter its directory");
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    close_range(3, ~0u, kCloseOnExec);
    if (to.lifeline >= 0) fcntl(to.lifeline, F_SETFD, 0);
    for (const int descriptor : to.handed_over) fcntl(descriptor, F_SETFD, 0);
    execve(to.path.c_str(), to.argv.data(), to.envp.data());
    fail(report, "execute it");
}

int open_output(const std::filesystem::path& path) {
    const int output = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (output < 0)
        throw Fault(FaultKind::configuration, "processes",
                    "cannot write " + path.string() + ": " + std::strerror(errno));
    return output;
}

pid_t spawn(const Program& program, int output, int lifeline) {
    Prepared prepared;
    prepared.path = found_in_path(program.argv.at(0));
    prepared.credentials = credentials_of(program.user);
    prepared.directory = program.directory.string();
    prepared.out = program.out >= 0 ? program.out : output;
    prepared.err = program.err >= 0 ? program.err : output;
    prepared.lifeline = lifeline;
    prepared.detached = program.life == Program::Life::detached;
    prepared.parent = getpid();
    std::map<std::string, std::string> extra;
    if (lifeline >= 0) extra["LANTERN_LIFELINE"] = std::to_string(lifeline);
    for (const auto& [name, descriptor] : program.handed_over) {
        extra[name] = std::to_string(descriptor);
        prepared.handed_over.push_back(descriptor);
    }
    prepare_environment(prepared, program, std::move(extra));

    Pipe report;
    const pid_t pid = fork();
    if (pid < 0) throw Fault(FaultKind::outage, "processes", std::string("fork: ") + std::strerror(errno));
    if (pid == 0) become(prepared, report.write);
    report.close_write();
    Failed failed{};
    if (::read(report.read, &failed, sizeof failed) == static_cast<ssize_t>(sizeof failed)) {
        waitpid(pid, nullptr, 0);
        throw Fault(FaultKind::configuration, "processes",
                    "cannot start " + prepared.path + ": " + failed.step + ": " + std::strerror(failed.error));
    }
    return pid;
}

}  // namespace

std::string own_program() {
    // A replaced file is named "... (deleted)"; the link itself still leads to it.
    const auto path = std::filesystem::read_symlink("/proc/self/exe");
    return std::filesystem::exists(path) ? path.string() : "/proc/self/exe";
}

std::string Ended::text() const {
    if (signal == 0) return "exit code " + std::to_string(exit_code);
    return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

Child::Child(const Program& program) : life_(program.life) {
    Pipe lifeline;
    const int output = program.output.empty() ? -1 : open_output(program.output);
    const bool ours = life_ == Program::Life::ours;
    try {
        pid_ = spawn(program, output, ours ? lifeline.read : -1);
    } catch (...) {
        if (output >= 0) ::close(output);
        throw;
    }
    if (output >= 0) ::close(output);
    pidfd_ = pidfd_open(pid_, 0);
    if (ours) std::swap(lifeline_, lifeline.write);
}

Child::~Child() {
    if (life_ == Program::Life::ours && running()) {
        signal(SIGKILL);
        wait(Milliseconds{10'000});
    }
    if (lifeline_ >= 0) ::close(lifeline_);
    if (pidfd_ >= 0) ::close(pidfd_);
}

std::optional<Ended> Child::wait(Milliseconds wait) {
    if (ended_) return ended_;
    const auto until = std::chrono::steady_clock::now() + wait;
    for (;;) {
        int status = 0;
        const pid_t reaped = waitpid(pid_, &status, WNOHANG);
        if (reaped == pid_) {
            ended_ = WIFSIGNALED(status) ? Ended{0, WTERMSIG(status)} : Ended{WEXITSTATUS(status), 0};
            return ended_;
        }
        const auto left =
            std::chrono::duration_cast<Milliseconds>(until - std::chrono::steady_clock::now()).count();
        if (left <= 0) return std::nullopt;
        pollfd wanted{pidfd_, POLLIN, 0};
        poll(&wanted, 1, static_cast<int>(left));
    }
}

void Child::signal(int number) {
    // By descriptor: a pid that was reaped could be another's by now.
    if (!ended_) pidfd_send_signal(pidfd_, number, nullptr, 0);
}

Ended Child::stop(Milliseconds grace, int number) {
    signal(number);
    if (auto ended = wait(grace)) return *ended;
    signal(SIGKILL);
    if (auto ended = wait(Milliseconds{30'000})) return *ended;
    throw Fault(FaultKind::outage, "processes", "process " + std::to_string(pid_) + " survives SIGKILL");
}

Finished run(const Program& program, Milliseconds deadline) {
    Pipe output, lifeline;
    const pid_t pid = spawn(program, output.write, lifeline.read);
    output.close_write();
    const auto until = std::chrono::steady_clock::now() + deadline;
    Finished finished;
    char buffer[8192];
    for (;;) {
        const auto left =
            std::chrono::duration_cast<Milliseconds>(until - std::chrono::steady_clock::now()).count();
        pollfd wanted{output.read, POLLIN, 0};
        const int ready = left > 0 ? poll(&wanted, 1, static_cast<int>(left)) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) {
            finished.timed_out = true;
            kill(-pid, SIGKILL);
            break;
        }
        const auto count = ::read(output.read, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        const auto room = kOutputBytesMax - finished.output.size();
        finished.output.append(buffer, std::min(static_cast<std::size_t>(count), room));
    }
    // The output's end is nearly always the program's; one that closed it early still has to keep the deadline.
    const int pidfd = pidfd_open(pid, 0);
    const auto left = std::chrono::duration_cast<Milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd wanted{pidfd, POLLIN, 0};
    if (!finished.timed_out && poll(&wanted, 1, static_cast<int>(std::max<long>(left, 0))) == 0) {
        finished.timed_out = true;
        kill(-pid, SIGKILL);
    }
    ::close(pidfd);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    finished.ended = WIFSIGNALED(status) ? Ended{0, WTERMSIG(status)} : Ended{WEXITSTATUS(status), 0};
    return finished;
}

}  // namespace lantern::processes
