#include "host/http/shared_port.hpp"

#include <linux/filter.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace lantern::http {

std::string limit_serving(int listening, int serving) {
    if (serving == 0) {
        const int unused = 0;
        const bool detached =
            ::setsockopt(listening, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &unused, sizeof unused) == 0;
        return detached || errno == ENOENT ? "" : std::strerror(errno);
    }
    // Run by the kernel for each new connection: a random number modulo `serving` is the index of the socket. Where
    // there is none of that index, the kernel chooses one itself.
    sock_filter steps[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<__u32>(SKF_AD_OFF + SKF_AD_RANDOM)),
                           BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, static_cast<__u32>(serving)),
                           BPF_STMT(BPF_RET | BPF_A, 0)};
    const sock_fprog choose{sizeof steps / sizeof steps[0], steps};
    if (::setsockopt(listening, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &choose, sizeof choose) == 0) return "";
    return std::strerror(errno);
}

}  // namespace lantern::http
