// Every bound of the system, in one place. Settings may lower or raise those that say so.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lantern::limits {

using namespace std::chrono_literals;

// Names
inline constexpr std::size_t kNameBytesMax = 40;  // handlers and aggregate types
inline constexpr std::size_t kEventTypeBytesMax = 150;
inline constexpr std::size_t kAggregateIdBytesMax = 200;

// A worker's batch (setting: batch)
inline constexpr std::size_t kBatchEventsMax = 500;
inline constexpr std::size_t kBatchBytesMax = 4u << 20;
inline constexpr std::uint16_t kPrefetch = 1000;
inline constexpr std::size_t kFillEventsMax = 5000;  // fetched from the store for the gaps of one batch

// Plugins at fault
inline constexpr std::size_t kWorkerMemoryBytes = 1u << 30;  // setting: memory
inline constexpr int kCrashesMax = 3;        // of one (event, handler, build): its stream is then parked as dead
inline constexpr int kCrashedEventsMax = 3;  // different ones within the time below: the build is quarantined
inline constexpr int kLooseCrashesMax = 5;   // of one build outside of any call, within that time: the same
inline constexpr auto kCrashesWithin = 10min;
inline constexpr auto kCommandTimeLimit = 30s;  // of one call of an aggregate

// Relay
inline constexpr std::size_t kConfirmWindow = 512;
inline constexpr std::size_t kSlicePageEvents = 1000;
inline constexpr auto kRelayPoll = 50ms;
inline constexpr std::size_t kStreamNamesMax = 100'000;  // remembered by the relay

// Sweep
inline constexpr std::size_t kSweepPageEvents = 2000;
inline constexpr auto kSweepEvery = 2s;
inline constexpr auto kSweepSoon = 200ms;         // after notes were left
inline constexpr auto kQueuesLookedAtEvery = 2s;  // by each worker, those that it reads

// Leases and leadership
inline constexpr auto kHeartbeatEvery = 1s;
inline constexpr auto kHeartbeatDead = 10s;

// PostgreSQL sessions
inline constexpr auto kStatementTimeout = 30s;
inline constexpr auto kLockTimeout = 5s;
inline constexpr auto kIdleInTransactionTimeout = 10s;
inline constexpr auto kConnectTimeout = 5s;

// RabbitMQ
inline constexpr int kAmqpHeartbeatSeconds = 10;
inline constexpr auto kAmqpTimeout = 10s;
inline constexpr std::int64_t kQueueLengthMax = 250'000;       // messages; drop-head beyond (setting: queue_length)
inline constexpr std::int64_t kDeliveryLimit = 1'000'000'000;  // never fires; see docs
inline constexpr std::size_t kMessageBytesMax = 16u << 20;

// Waiting after trouble
inline constexpr auto kBackoffFirst = 100ms;
inline constexpr auto kBackoffMax = 5s;
inline constexpr auto kUnavailableDelay = 5s;       // at most, until a dependency that was away is tried again
inline constexpr std::size_t kBreakerStreams = 10;  // whose events failed in a row: what they share is away
inline constexpr auto kNewerBuildDelay = 30s;  // until an event that the plugin's build can't read is tried again

// Side effects
inline constexpr auto kActsAtOnce = 500ms;  // then leases and broker are looked after, however many events wait
inline constexpr std::size_t kActsRemembered = 1000;  // whose outcome could not be committed yet

// Backfill (settings: backfill)
inline constexpr int kBackfillProcesses = 2;
inline constexpr auto kLiveLagMax = 2s;
inline constexpr auto kKeepReplaced = std::chrono::hours{24 * 7};

// What is kept (housekeeping, in batches)
inline constexpr auto kKeepEffects = std::chrono::hours{24 * 30};
inline constexpr auto kKeepAttempts = std::chrono::hours{24 * 30};
inline constexpr auto kKeepAnswers = std::chrono::hours{24};  // to Idempotency-Key
inline constexpr auto kPruneEvery = 60s;
inline constexpr std::int64_t kPruneRows = 5000;

// HTTP (settings: http)
inline constexpr std::size_t kBodyBytesMax = 1u << 20;
inline constexpr std::size_t kHttpQueueMax =
    1024;  // requests taken and not yet answered, for each process (setting: waiting)
inline constexpr std::size_t kHttpConnectionsMax = 4096;  // for each process
inline constexpr auto kHttpIdle = 60s;                    // also for a header or body that trickles
inline constexpr std::size_t kHttpTargetBytesMax = 8u << 10;
inline constexpr std::size_t kHttpHeadersMax = 100;
inline constexpr std::size_t kHttpHeaderNameBytesMax = 256;
inline constexpr std::size_t kHttpHeaderBytesMax = 16u << 10;  // of one value
inline constexpr auto kHttpLinger = 2s;  // how long one whose request was refused is still listened to
inline constexpr auto kTlsHandshake = 10s;
inline constexpr auto kTlsLook = 5s;    // at the files of the certificate
inline constexpr auto kHttpDrain = 2s;  // how long a stopping process still reads on idle connections
inline constexpr auto kPreferWaitMax = 30s;
inline constexpr std::size_t kPageRowsDefault = 50;
inline constexpr std::size_t kPageRowsMax = 200;
inline constexpr std::size_t kHashQueueMax = 256;      // passwords waiting to be hashed
inline constexpr std::size_t kTokensSeenMax = 20'000;  // remembered as good, for each process
inline constexpr auto kBlindAnswerAfter = 100ms;       // of routes whose answer tells nothing

// Intake
inline constexpr std::size_t kIntakeEventsMax = 1000;  // of one request
inline constexpr std::uint16_t kIntakePrefetch = 100;  // messages of the queue

// Aggregates
inline constexpr std::int64_t kSnapshotEvery = 100;          // events
inline constexpr int kAskRoundsMax = 4;                      // decide → answers → decide
inline constexpr std::size_t kStreamCacheBytes = 32u << 20;  // for each api process
inline constexpr std::size_t kAppendGroupMax = 64;           // commands
inline constexpr std::size_t kAppendGroupBytesMax = 1u << 20;
inline constexpr int kAppendGroupsAtOnce = 2;  // on their way, for each api process

}  // namespace lantern::limits
