#include "host/http/guarded.hpp"

namespace lantern::http {

Workers::Job guarded(const ExchangePtr& exchange, std::function<void(Session&)> job) {
    return [exchange, job = std::move(job)](Session& session) {
        try {
            job(session);
        } catch (const Fault& fault) {
            exchange->refuse_fault(fault);
        } catch (const std::exception& error) {
            exchange->refuse_defect(error.what());
        }
    };
}

}  // namespace lantern::http
